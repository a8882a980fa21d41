//! The message, in the form that a handler wants it.

use axum::Json;
use bytes::Bytes;
use serde::Deserialize;

use crate::{
    FromEvent, Message, Rejection, Utf8Bytes,
    event::{self, EventContext},
};

type Cx<'a> = EventContext<'a, event::Message>;

/// Gives the text of a text message, or of a binary one that is valid UTF-8.
fn text<'a>(cx: &Cx<'a>) -> Result<&'a str, Rejection> {
    cx.message()
        .as_text()
        .ok_or_else(|| Rejection::unsupported("text expected, but the message is binary and no valid UTF-8"))
}

impl<'a> FromEvent<'a, event::Message> for &'a str {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        text(cx)
    }
}

impl<'a> FromEvent<'a, event::Message> for String {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        text(cx).map(Self::from)
    }
}

impl<'a> FromEvent<'a, event::Message> for Utf8Bytes {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        match cx.message() {
            Message::Text(text) => Ok(text.clone()),
            Message::Binary(bytes) => text(cx)
                .and_then(|_| Self::try_from(bytes.clone()).map_err(|error| Rejection::unsupported(error.to_string()))),
        }
    }
}

impl<'a> FromEvent<'a, event::Message> for &'a [u8] {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.message().as_bytes())
    }
}

impl<'a> FromEvent<'a, event::Message> for Vec<u8> {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.message().as_bytes().to_vec())
    }
}

impl<'a> FromEvent<'a, event::Message> for Bytes {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.message().clone().into_bytes())
    }
}

impl<'a> FromEvent<'a, event::Message> for Message {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.message().clone())
    }
}

impl<'a> FromEvent<'a, event::Message> for &'a Message {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.message())
    }
}

/// Reads the message as JSON; `T` may borrow from it.
impl<'a, T: Deserialize<'a>> FromEvent<'a, event::Message> for Json<T> {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        from_json(cx.message()).map(Json)
    }
}

/// Reads `message` as JSON, and words the mistake for the peer.
pub(crate) fn from_json<'a, T: Deserialize<'a>>(message: &'a Message) -> Result<T, Rejection> {
    serde_json::from_slice(message.as_bytes())
        .map_err(|error| Rejection::invalid_payload(format!("invalid JSON: {error}")))
}
