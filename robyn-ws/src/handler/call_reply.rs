//! The return values of `call` handlers: the results of calls.

use std::borrow::Cow;

use axum::Json;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::{
    handler::reply::{HandlerError, HandlerResult},
    types::{call_error::CallError, message::Message, utf8_bytes::Utf8Bytes},
};

/// A type that a `call` handler can return. The returned value is the result of the call.
///
/// `()` and `None` are the result `null`. Texts, numbers, `bool` and the `Box<RawValue>` of `serde_json` are themselves in JSON,
/// all other values stand in a `Json`.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/calculator", on = "call", method = "add")]
/// fn add(Params((one, other)): Params<(i64, i64)>) -> i64 { one + other }
///
/// #[websocket("/calculator", on = "call", method = "split")]
/// fn split(Params((text,)): Params<(&str,)>) -> Json<Vec<String>> {
///     Json(text.split_whitespace().map(str::to_owned).collect())
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned by a `call` handler",
    label = "not the result of a call",
    note = "a `call` handler can return `()`, `Json<T>` where `T: Serialize`, `&str`, `String`, `Cow<str>`, `Utf8Bytes`, numbers, `bool`, `Box<RawValue>` of `serde_json`, and `Option<R>` and `Result<R, E>` where `R` is one of these and `E: Into<CallError>`",
    note = "in a handler that returns `Result<R, CallError>`, `?` takes every error that implements `std::error::Error + Send + Sync`; `CallError::new` has a code of your own",
    note = "to send the client something else than the result, take `&WebSocketConnector`, and call its `notify`"
)]
pub trait IntoCallReply {
    /// Converts the value into a text message with the result in JSON. `Ok(None)` is the result `null`.
    fn into_call_reply(self) -> HandlerResult;
}

#[diagnostic::do_not_recommend]
impl IntoCallReply for () {
    fn into_call_reply(self) -> HandlerResult {
        Ok(None)
    }
}

#[diagnostic::do_not_recommend]
impl<T: Serialize> IntoCallReply for Json<T> {
    fn into_call_reply(self) -> HandlerResult {
        json(&self.0)
    }
}

fn json<T: Serialize + ?Sized>(value: &T) -> HandlerResult {
    Ok(Some(Message::json(value)?))
}

macro_rules! json_reply {
    ($($type:ty),+) => {
        $(#[diagnostic::do_not_recommend]
        impl IntoCallReply for $type {
            fn into_call_reply(self) -> HandlerResult {
                json(&self)
            }
        })+
    };
}

json_reply!(
    &str,
    String,
    Cow<'_, str>,
    bool,
    i8,
    i16,
    i32,
    i64,
    i128,
    isize,
    u8,
    u16,
    u32,
    u64,
    u128,
    usize,
    f32,
    f64
);

#[diagnostic::do_not_recommend]
impl IntoCallReply for Utf8Bytes {
    fn into_call_reply(self) -> HandlerResult {
        json(self.as_str())
    }
}

/// JSON that is there already is not written again.
#[diagnostic::do_not_recommend]
impl IntoCallReply for Box<RawValue> {
    fn into_call_reply(self) -> HandlerResult {
        Ok(Some(Box::<str>::from(self).into()))
    }
}

#[diagnostic::do_not_recommend]
impl<R: IntoCallReply> IntoCallReply for Option<R> {
    fn into_call_reply(self) -> HandlerResult {
        self.map_or(Ok(None), R::into_call_reply)
    }
}

// The compiler names the half that is wrong.
impl<R: IntoCallReply, E: Into<CallError>> IntoCallReply for Result<R, E> {
    fn into_call_reply(self) -> HandlerResult {
        self.map_err(|error| HandlerError::from(error.into()))?
            .into_call_reply()
    }
}

#[diagnostic::do_not_recommend]
impl IntoCallReply for std::convert::Infallible {
    fn into_call_reply(self) -> HandlerResult {
        match self {}
    }
}
