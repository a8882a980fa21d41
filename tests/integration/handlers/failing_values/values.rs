//! Types of users that panic, or fail, in what nobody looks at.

use std::{error::Error, fmt, panic::panic_any};

use robyn_ws::{
    FromEvent, HandlerResult,
    axum::{
        extract::FromRequestParts,
        http::request::Parts,
        response::{IntoResponse, Response},
    },
    event::{EventContext, LiveEvent},
    prelude::*,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A panic in its `Drop`; so many more in the `Drop` of what that panic carries.
#[derive(Clone, Debug, Default, ConnectionState)]
pub(super) struct DropPanics(pub(super) u32);

impl Drop for DropPanics {
    fn drop(&mut self) {
        // A second panic while the first one unwinds would end any program.
        if std::thread::panicking() {
            return;
        }
        match self.0 {
            0 => panic!("a panic of the test, in `Drop`"),
            more => panic_any(Self(more - 1)),
        }
    }
}

impl AsRef<[u8]> for DropPanics {
    fn as_ref(&self) -> &[u8] {
        if self.0 == 0 { b"short" } else { &[b'x'; 4096] }
    }
}

/// An error that fails when it is written or dropped.
#[derive(Debug)]
pub(super) enum Bad {
    DisplayPanics,
    DisplayFails,
    DisplayNeverEnds,
    DropPanics { _value: DropPanics },
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bad")?;
        match self {
            Self::DisplayPanics => panic!("a panic of the test, in `Display`"),
            Self::DisplayFails => Err(fmt::Error),
            Self::DisplayNeverEnds => loop {
                f.write_str(" and worse")?;
            },
            Self::DropPanics { .. } => Ok(()),
        }
    }
}

impl Error for Bad {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        panic!("a panic of the test, in `source`")
    }
}

/// A value that can neither be read nor written.
#[derive(Debug)]
pub(super) struct NoSerde;

impl<'de> Deserialize<'de> for NoSerde {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        panic!("a panic of the test, in `Deserialize`")
    }
}

impl Serialize for NoSerde {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        panic!("a panic of the test, in `Serialize`")
    }
}

#[derive(Debug, ConnectionState)]
pub(super) struct NoDefault;

impl Default for NoDefault {
    fn default() -> Self {
        panic!("a panic of the test, in `Default`")
    }
}

pub(super) struct NoArgument;

impl<'a, E: LiveEvent> FromEvent<'a, E> for NoArgument {
    fn from_event(_cx: &mut EventContext<'a, E>) -> Result<Self, Rejection> {
        panic_any(DropPanics(0))
    }
}

impl<S: Sync> FromRequestParts<S> for NoArgument {
    type Rejection = StatusCode;

    async fn from_request_parts(_parts: &mut Parts, _state: &S) -> Result<Self, StatusCode> {
        panic_any(DropPanics(0))
    }
}

pub(super) struct NoReply;

impl IntoReply for NoReply {
    fn into_reply(self) -> HandlerResult {
        panic_any(DropPanics(0))
    }
}

pub(super) struct NoResponse;

impl IntoResponse for NoResponse {
    fn into_response(self) -> Response {
        panic_any(DropPanics(0))
    }
}
