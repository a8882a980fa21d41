//! Why a call failed: that of a handler, or one to a client.

use std::{collections::BTreeMap, error::Error, fmt};

use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    types::{
        close::{CloseFrame, close_code},
        error::JsonError,
        error_object::{ErrorObject, INTERNAL_ERROR},
        message::Message,
        rejection::Rejection,
    },
    util::{log, printable::printable},
};

/// Why a call failed (JSON-RPC 2.0): the error that a `call` handler returns, or that of
/// [`WebSocketConnector::call`](crate::WebSocketConnector::call).
///
/// A handler answers with an error of [`CallError::new`]. `?` converts any other error into one that is
/// `Send + Sync`, and also `Box<dyn Error + Send + Sync>`, `anyhow::Error`, `String` and `&str`: the client gets -32603
/// `Internal error`, and the details go to the log and never to the peer. So does the failure of a call to a client. The
/// connection goes on, unless the error is one of [`CallError::close`]. In a message handler, any of them but that closes the
/// connection with 1011.
///
/// Since `?` converts errors into it, it is not a [`std::error::Error`] itself. It becomes a `Box<dyn Error>` by `?`, and not a
/// `Box<dyn Error + Send + Sync>`: a function that calls clients returns `CallError`. A
/// [`HandlerError`](crate::HandlerError) becomes a `CallError` that closes as it does.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/calculator", on = "call", method = "divide")]
/// fn divide(Params((one, other)): Params<(String, String)>) -> Result<Json<i64>, CallError> {
///     let (one, other): (i64, i64) = (one.parse()?, other.parse()?); // -32603; the details are only logged
///     match one.checked_div(other) {
///         Some(quotient) => Ok(Json(quotient)),
///         None => Err(CallError::new(1, "not by zero, please").data(&one)),
///     }
/// }
/// ```
#[non_exhaustive]
pub enum CallError {
    /// The client did not answer within [`Limits::call_timeout`](crate::Limits::call_timeout).
    TimedOut,
    /// The connection has ended.
    NotConnected,
    /// The client's outbound queue is full, or stayed full, and the call was not sent.
    QueueFull,
    /// [`Limits::max_unanswered_calls`](crate::Limits::max_unanswered_calls) calls to this client wait for their answers.
    TooManyUnanswered,
    /// The endpoint has a message handler or a session handler, which takes all that the client sends.
    Unsupported,
    /// The parameters cannot be JSON, or the result is not what was expected.
    Json(JsonError),
    /// The client has answered with an error.
    Remote {
        /// The code, which is 0 if the client has sent none.
        code: i64,
        /// The text.
        message: String,
        /// More about it, in JSON: [`Message::parse_json`] reads it.
        data: Option<Message>,
    },
    #[doc(hidden)]
    Returned(Returned),
}

/// An error that only a handler creates.
#[doc(hidden)]
pub struct Returned(Box<Kind>);

enum Kind {
    Answer(ErrorObject),
    Close(CloseFrame),
    Failed(Box<dyn Error + Send + Sync>),
    /// A rejection that does not close the connection, and the answer to the call.
    Rejected(Rejection, ErrorObject),
}

impl CallError {
    /// Creates an error to answer with. The codes from -32768 to -32000 are reserved (see [`call_code`](crate::call_code)).
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self::returned(Kind::Answer(ErrorObject::new(code, message)))
    }

    /// Adds more about the error, as JSON. A value that cannot be JSON is logged and left out. Without effect on an error that
    /// is not from [`new`](Self::new).
    #[must_use]
    pub fn data<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        if let Self::Returned(Returned(kind)) = &mut self
            && let Kind::Answer(answer) = &mut **kind
        {
            match serde_json::to_string(value) {
                Ok(json) => answer.data = Some(json),
                Err(error) => log::error!(%error, "the data of a `CallError` cannot be JSON"),
            }
        }
        self
    }

    /// Closes the connection with exactly this `code` and `reason`. The call is not answered. The rules for code and reason
    /// are those of [`WebSocketConnector::close_with`](crate::WebSocketConnector::close_with).
    pub fn close(code: u16, reason: impl Into<String>) -> Self {
        Self::returned(Kind::Close(CloseFrame::new(code, reason)))
    }

    /// Returns the code that the client gets if a `call` handler returns this error: that of [`new`](Self::new), -32602 for a
    /// [`Rejection`], and -32603 for a failure. It is `None` for [`close`](Self::close), which does not answer the call.
    ///
    /// For [`Remote`](Self::Remote), it is the code that the client has sent. A handler that returns it answers its own
    /// caller with -32603 nevertheless.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// assert_eq!(CallError::new(7, "not today").code(), Some(7));
    /// assert_eq!(CallError::from("out of disk").code(), Some(-32603));
    /// assert_eq!(CallError::close(4000, "bye").code(), None);
    /// ```
    pub fn code(&self) -> Option<i64> {
        match self {
            Self::Remote { code, .. } => Some(*code),
            _ => self.object().map(|object| object.code),
        }
    }

    /// Returns the message beside [`code`](Self::code). That of a failure is `Internal error`: its details are only in the log
    /// and in `to_string()`.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Remote { message, .. } => Some(message),
            _ => self.object().map(|object| &*object.message),
        }
    }

    /// Reads the error object of an answer, as far as it is one.
    pub(crate) fn remote(error: &str) -> Self {
        let members: BTreeMap<String, &RawValue> = serde_json::from_str(error).unwrap_or_default();
        let member = |name: &str| members.get(name).map(|value| value.get());
        Self::Remote {
            code: member("code").and_then(|code| code.parse().ok()).unwrap_or_default(),
            message: member("message")
                .and_then(|message| serde_json::from_str(message).ok())
                .unwrap_or_default(),
            data: member("data").map(Message::from),
        }
    }

    fn returned(kind: Kind) -> Self {
        Self::Returned(Returned(Box::new(kind)))
    }

    fn kind(&self) -> Option<&Kind> {
        match self {
            Self::Returned(Returned(kind)) => Some(kind),
            _ => None,
        }
    }

    /// Returns the answer to the call of the handler that returns it. `None` if the connection ends instead.
    pub(crate) fn answer(&self) -> Option<ErrorObject> {
        self.object().cloned()
    }

    fn object(&self) -> Option<&ErrorObject> {
        match self.kind() {
            Some(Kind::Answer(answer) | Kind::Rejected(_, answer)) => Some(answer),
            Some(Kind::Close(_)) => None,
            Some(Kind::Failed(_)) | None => Some(&INTERNAL_ERROR),
        }
    }

    /// Returns the Close frame of [`close`](Self::close).
    pub(crate) fn close_frame(&self) -> Option<&CloseFrame> {
        match self.kind() {
            Some(Kind::Close(frame)) => Some(frame),
            _ => None,
        }
    }

    /// Returns `true` if the server failed, or a client that it called: not a decision of the handler, nor a mistake of its
    /// caller.
    pub(crate) fn is_failure(&self) -> bool {
        match self.kind() {
            Some(Kind::Answer(_) | Kind::Close(_)) => false,
            Some(Kind::Rejected(rejection, _)) => rejection.is_failure(),
            Some(Kind::Failed(_)) | None => true,
        }
    }
}

impl Rejection {
    /// Returns the answer to a call whose handler could not be given an argument. `None` if the connection ends instead: a
    /// code of its own says more than that the parameters are wrong.
    pub(crate) fn answer(&self) -> Option<ErrorObject> {
        match self.code() {
            close_code::INTERNAL_ERROR => Some(ErrorObject::internal_error()),
            close_code::INVALID_PAYLOAD | close_code::UNSUPPORTED => Some(ErrorObject::invalid_params(self.reason())),
            _ => None,
        }
    }
}

/// An error that can be a [`CallError`]. The compiler names it where `?` is used on another.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot become a `CallError`",
    label = "not an error that is `Send + Sync`: return `CallError` in place of `Box<dyn Error>`, or write `.map_err(|error| error.to_string())?`",
    note = "for a type of your own, implement `std::error::Error`, or `From` of it for `CallError`"
)]
pub trait SendSyncFailure {
    fn into_boxed(self) -> Box<dyn Error + Send + Sync>;
}

#[diagnostic::do_not_recommend]
impl<E: Into<Box<dyn Error + Send + Sync>>> SendSyncFailure for E {
    fn into_boxed(self) -> Box<dyn Error + Send + Sync> {
        self.into()
    }
}

impl<E: SendSyncFailure> From<E> for CallError {
    fn from(error: E) -> Self {
        Self::returned(match error.into_boxed().downcast::<Rejection>() {
            Ok(rejection) => match rejection.answer() {
                Some(answer) => Kind::Rejected(*rejection, answer),
                None => Kind::Close(rejection.close_frame()),
            },
            Err(error) => Kind::Failed(error),
        })
    }
}

/// The text of the error. It may quote a client.
impl From<CallError> for Box<dyn Error> {
    fn from(error: CallError) -> Self {
        error.to_string().into()
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimedOut => f.write_str("the client did not answer within `Limits::call_timeout`"),
            Self::NotConnected => f.write_str("not connected: the connection has ended"),
            Self::QueueFull => f.write_str("the client's outbound queue is full, so the call was not sent"),
            Self::TooManyUnanswered => f.write_str(
                "the client has `Limits::max_unanswered_calls` calls to answer: wait for answers, or set more",
            ),
            Self::Unsupported => f.write_str(
                "the client cannot be called: its endpoint has a handler that takes all messages; use `call` handlers there",
            ),
            Self::Json(error) => error.fmt(f),
            Self::Remote { code, message, .. } => {
                write!(f, "the client has answered with the error {code}: {}", printable(message))
            }
            Self::Returned(Returned(kind)) => match &**kind {
                Kind::Answer(answer) => write!(f, "error {}: {}", answer.code, answer.message),
                Kind::Close(frame) => write!(f, "close with {} {}", frame.code(), frame.reason()),
                Kind::Failed(error) => error.fmt(f),
                // It quotes the client, and is for the log.
                Kind::Rejected(rejection, _) => printable(rejection.reason()).fmt(f),
            },
        }
    }
}

/// Without what a client has sent.
impl fmt::Debug for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => error.fmt(f),
            Self::Remote { code, .. } => f.debug_struct("Remote").field("code", code).finish_non_exhaustive(),
            Self::Returned(returned) => returned.fmt(f),
            Self::TimedOut => f.write_str("TimedOut"),
            Self::NotConnected => f.write_str("NotConnected"),
            Self::QueueFull => f.write_str("QueueFull"),
            Self::TooManyUnanswered => f.write_str("TooManyUnanswered"),
            Self::Unsupported => f.write_str("Unsupported"),
        }
    }
}

impl fmt::Debug for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::Answer(answer) => write!(f, "error {}: {}", answer.code, answer.message),
            Kind::Close(frame) => write!(f, "close with {} {}", frame.code(), frame.reason()),
            Kind::Failed(error) => error.fmt(f),
            Kind::Rejected(rejection, _) => rejection.fmt(f),
        }
    }
}
