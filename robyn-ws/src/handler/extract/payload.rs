//! The message, in each form that a handler can take.

use axum::Json;
use bytes::Bytes;
use serde::Deserialize;

use crate::{
    handler::{
        event::{self, EventContext},
        extract::FromEvent,
    },
    types::{message::Message, rejection::Rejection, utf8_bytes::Utf8Bytes},
};

type Cx<'a> = EventContext<'a, event::Message>;

/// Returns the text of a text message, or of a binary message of valid UTF-8.
fn text<'a>(cx: &Cx<'a>) -> Result<&'a str, Rejection> {
    cx.text().ok_or_else(Rejection::not_text)
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
        match cx.payload.to_message() {
            Message::Text(text) => Ok(text),
            Message::Binary(bytes) => Self::try_from(bytes).map_err(|_| Rejection::not_text()),
        }
    }
}

impl<'a> FromEvent<'a, event::Message> for &'a [u8] {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.bytes())
    }
}

impl<'a> FromEvent<'a, event::Message> for Vec<u8> {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.bytes().to_vec())
    }
}

impl<'a> FromEvent<'a, event::Message> for Bytes {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.payload.to_message().into_bytes())
    }
}

impl<'a> FromEvent<'a, event::Message> for Message {
    const READS_REQUEST: bool = false;

    fn from_event(cx: &mut Cx<'a>) -> Result<Self, Rejection> {
        Ok(cx.payload.to_message())
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
        // Known text is not checked again.
        let value = match cx.payload.known_text() {
            Some(text) => serde_json::from_str(text),
            None => serde_json::from_slice(cx.bytes()),
        };
        value.map(Json).map_err(Rejection::invalid_json)
    }
}
