//! The return values of handlers.

use std::{error::Error, fmt};

use axum::Json;
use bytes::Bytes;
use serde::Serialize;

use crate::{
    types::{
        call_error::CallError,
        close::{CloseFrame, CloseReason, Ending, close_code},
        disconnected::Disconnected,
        error::JsonError,
        error_object::ErrorObject,
        message::Message,
        rejection::Rejection,
        utf8_bytes::Utf8Bytes,
    },
    util::printable::printable,
};

/// The outcome of a handler: a message to send, nothing, or an error.
pub type HandlerResult = Result<Option<Message>, HandlerError>;

/// A type that a handler can return. The returned value is sent to this client.
///
/// `()` and `None` send nothing; `""` sends an empty text message.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/half", on = "message")]
/// fn half(msg: &str) -> Result<String, HandlerError> {
///     let number: i64 = msg.trim().parse()?; // closes with 1011; the details are only logged
///     if number == 0 {
///         return Err(HandlerError::close(4000, "nothing to halve"));
///     }
///     Ok((number / 2).to_string())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a handler",
    label = "not a reply",
    note = "a handler can return `()`, `&str`, `String`, `Utf8Bytes`, `&[u8]`, `Vec<u8>`, `Bytes`, `Message`, `Json<T>` where `T: Serialize`, and `Option<R>` and `Result<R, E>` where `R` is one of these and `E: Into<HandlerError>`",
    note = "an error becomes a `HandlerError` if it implements `std::error::Error + Send + Sync`; a boxed one is `Box<dyn Error + Send + Sync>`",
    note = "to send a number or another value as text, return `value.to_string()`"
)]
pub trait IntoReply {
    /// Converts the value into the message to send.
    fn into_reply(self) -> HandlerResult;
}

#[diagnostic::do_not_recommend]
impl IntoReply for () {
    fn into_reply(self) -> HandlerResult {
        Ok(None)
    }
}

macro_rules! message_reply {
    ($($type:ty),+) => {
        $(#[diagnostic::do_not_recommend]
        impl IntoReply for $type {
            fn into_reply(self) -> HandlerResult {
                Ok(Some(self.into()))
            }
        })+
    };
}

message_reply!(
    &str,
    String,
    Utf8Bytes,
    &[u8],
    Vec<u8>,
    Bytes,
    Message,
    std::borrow::Cow<'_, str>
);

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoReply for &[u8; N] {
    fn into_reply(self) -> HandlerResult {
        Ok(Some(self.into()))
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoReply for [u8; N] {
    fn into_reply(self) -> HandlerResult {
        Ok(Some(self.into()))
    }
}

/// A text message in JSON.
#[diagnostic::do_not_recommend]
impl<T: Serialize> IntoReply for Json<T> {
    fn into_reply(self) -> HandlerResult {
        Ok(Some(Message::json(&self.0)?))
    }
}

#[diagnostic::do_not_recommend]
impl<R: IntoReply> IntoReply for Option<R> {
    fn into_reply(self) -> HandlerResult {
        self.map_or(Ok(None), R::into_reply)
    }
}

// The compiler names the half that is wrong.
impl<R: IntoReply, E: Into<HandlerError>> IntoReply for Result<R, E> {
    fn into_reply(self) -> HandlerResult {
        self.map_err(Into::into)?.into_reply()
    }
}

#[diagnostic::do_not_recommend]
impl IntoReply for std::convert::Infallible {
    fn into_reply(self) -> HandlerResult {
        match self {}
    }
}

/// Why a handler failed, and the answer to the client.
///
/// `?` converts any error into it that is `Send + Sync`, and also `Box<dyn Error + Send + Sync>`, `anyhow::Error`, `String`
/// and `&str`: the connection is closed with 1011, and the details go to the log and never to the peer. A `Box<dyn Error>`
/// without `Send + Sync` is converted by its text: `.map_err(|error| error.to_string())?`. Three errors are no failures: a [`Rejection`] closes with
/// its own code and reason, a [`JsonError`] of parsing with 1007 and its text, and the [`Disconnected`] of the handler's own
/// connection, once that has ended, changes nothing.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/divide", on = "message")]
/// fn divide(msg: &str) -> Result<String, HandlerError> {
///     match msg.trim().parse::<i64>()? {
///         0 => Err(HandlerError::reply("not by zero, please")),
///         divisor => Ok((100 / divisor).to_string()),
///     }
/// }
/// ```
pub struct HandlerError(Kind);

enum Kind {
    Failed(Box<dyn Error + Send + Sync>),
    Close(CloseFrame),
    Reply(Message),
    Rejected(Rejection),
    /// Boxed, since few handlers make calls.
    Call(Box<CallError>),
}

/// The action that a handler's error asks for.
pub(crate) enum Consequence {
    End(Ending),
    Reply(Message),
}

impl HandlerError {
    /// Closes the connection with exactly this `code` and `reason`. The rules for them are those of
    /// [`WebSocketConnector::close_with`](crate::WebSocketConnector::close_with).
    pub fn close(code: u16, reason: impl Into<String>) -> Self {
        Self(Kind::Close(CloseFrame::new(code, reason)))
    }

    /// Sends `message` to the client and carries on.
    pub fn reply(message: impl Into<Message>) -> Self {
        Self(Kind::Reply(message.into()))
    }

    /// Returns the code of the Close frame that the client gets. It is `None` for a [`reply`](Self::reply), after which the
    /// connection goes on.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// assert_eq!(HandlerError::close(4000, "bye").code(), Some(4000));
    /// assert_eq!(HandlerError::from("out of disk").code(), Some(1011));
    /// assert_eq!(HandlerError::reply("no").code(), None);
    /// ```
    pub fn code(&self) -> Option<u16> {
        match &self.0 {
            Kind::Failed(_) => Some(close_code::INTERNAL_ERROR),
            Kind::Close(frame) => Some(frame.code()),
            Kind::Reply(_) => None,
            Kind::Rejected(rejection) => Some(rejection.code()),
            Kind::Call(error) => Some(error.close_frame().map_or(close_code::INTERNAL_ERROR, CloseFrame::code)),
        }
    }

    /// Returns the reason of the Close frame that the client gets. It is empty for a failure, whose details are only in the
    /// log and in `to_string()`.
    pub fn reason(&self) -> &str {
        match &self.0 {
            Kind::Close(frame) => frame.reason(),
            Kind::Rejected(rejection) if !rejection.is_failure() => rejection.reason(),
            Kind::Call(error) => error.close_frame().map_or("", CloseFrame::reason),
            Kind::Failed(_) | Kind::Reply(_) | Kind::Rejected(_) => "",
        }
    }

    /// Returns the message of a [`reply`](Self::reply).
    pub fn message(&self) -> Option<&Message> {
        match &self.0 {
            Kind::Reply(message) => Some(message),
            Kind::Failed(_) | Kind::Close(_) | Kind::Rejected(_) | Kind::Call(_) => None,
        }
    }

    /// Returns `true` if a handler passes on the error of an ended connection, its own or another.
    pub(crate) fn is_disconnected(&self) -> bool {
        match &self.0 {
            Kind::Failed(error) => error.is::<Disconnected>(),
            Kind::Call(error) => matches!(**error, CallError::NotConnected),
            Kind::Close(_) | Kind::Reply(_) | Kind::Rejected(_) => false,
        }
    }

    /// Returns `true` if it is a failure of the server: not a decision of the handler, nor a mistake of the client.
    pub(crate) fn is_failure(&self) -> bool {
        match &self.0 {
            Kind::Failed(_) => true,
            Kind::Rejected(rejection) => rejection.is_failure(),
            Kind::Call(error) => error.is_failure(),
            Kind::Close(_) | Kind::Reply(_) => false,
        }
    }

    /// Returns `true` if the message was refused, most often by an argument, before the handler ran.
    pub(crate) const fn is_rejection(&self) -> bool {
        matches!(self.0, Kind::Rejected(_))
    }

    pub(crate) fn consequence(&self) -> Consequence {
        match &self.0 {
            Kind::Failed(_) => Consequence::End(Ending::because(CloseReason::HandlerError, "")),
            Kind::Close(frame) => Consequence::End(Ending::with_frame(CloseReason::HandlerError, frame.clone())),
            Kind::Reply(message) => Consequence::Reply(message.clone()),
            Kind::Rejected(rejection) => {
                let reason = if rejection.is_failure() {
                    CloseReason::HandlerError
                } else {
                    CloseReason::InvalidPayload
                };
                Consequence::End(Ending::with_frame(reason, rejection.close_frame()))
            }
            Kind::Call(error) => Consequence::End(match error.close_frame() {
                Some(frame) => Ending::with_frame(CloseReason::HandlerError, frame.clone()),
                None => Ending::because(CloseReason::HandlerError, ""),
            }),
        }
    }

    /// Returns the answer to the call of a handler that failed. `None` if the connection ends instead.
    pub(crate) fn answer(&self) -> Option<ErrorObject> {
        match &self.0 {
            Kind::Call(error) => error.answer(),
            Kind::Rejected(rejection) => rejection.answer(),
            Kind::Failed(_) | Kind::Reply(_) => Some(ErrorObject::internal_error()),
            Kind::Close(_) => None,
        }
    }
}

/// In a message handler, a call that failed closes the connection, as any other failure does.
impl From<CallError> for HandlerError {
    fn from(error: CallError) -> Self {
        Self(Kind::Call(Box::new(error)))
    }
}

/// In a `call` handler, it closes as in a message handler. A [`reply`](HandlerError::reply) is not an answer to a call, so it
/// is a failure.
impl From<HandlerError> for CallError {
    fn from(error: HandlerError) -> Self {
        match error.0 {
            Kind::Failed(error) => error.into(),
            Kind::Close(frame) => Self::close(frame.code(), frame.reason()),
            Kind::Rejected(rejection) => rejection.into(),
            Kind::Call(error) => *error,
            Kind::Reply(_) => error.to_string().into(),
        }
    }
}

/// An error that can be a [`HandlerError`]. The compiler names it where `?` is used on another.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become a `HandlerError`",
    label = "not an error that is `Send + Sync`: return `Box<dyn Error + Send + Sync>` in place of `Box<dyn Error>`, or write `.map_err(|error| error.to_string())?`",
    note = "for a type of your own, implement `std::error::Error`, or `From` of it for `HandlerError`"
)]
pub trait SendSyncError {
    fn into_boxed(self) -> Box<dyn Error + Send + Sync>;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> SendSyncError for E {
    fn into_boxed(self) -> Box<dyn Error + Send + Sync> {
        self.into()
    }
}

impl<E: SendSyncError> From<E> for HandlerError {
    fn from(error: E) -> Self {
        let error = match error.into_boxed().downcast::<Rejection>() {
            Ok(rejection) => return Self(Kind::Rejected(*rejection)),
            Err(error) => error,
        };
        match error.downcast_ref::<JsonError>() {
            Some(json) if json.is_of_the_client() => Self(Kind::Rejected(Rejection::invalid_json(json))),
            _ => Self(Kind::Failed(error)),
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Failed(error) => error.fmt(f),
            Kind::Close(frame) => write!(f, "close with {} {}", frame.code(), frame.reason()),
            Kind::Reply(_) => f.write_str("a reply instead of a result"),
            // It quotes the client, and is for the log.
            Kind::Rejected(rejection) => printable(rejection.reason()).fmt(f),
            Kind::Call(error) => fmt::Display::fmt(error, f),
        }
    }
}

impl fmt::Debug for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Failed(error) => error.fmt(f),
            Kind::Rejected(rejection) => rejection.fmt(f),
            Kind::Call(error) => error.fmt(f),
            Kind::Close(_) | Kind::Reply(_) => fmt::Display::fmt(self, f),
        }
    }
}
