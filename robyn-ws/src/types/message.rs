//! What goes over a connection: text or bytes.

use std::{borrow::Cow, fmt};

use axum::Json;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::types::{error::JsonError, utf8_bytes::Utf8Bytes};

/// A message, text and binary told apart. Cloning shares the payload. `{:?}` prints the kind and the length, and nothing of
/// the payload.
///
/// Everything that sends takes `impl Into<Message>`:
///
/// ```
/// use robyn_ws::prelude::*;
///
/// assert_eq!(Message::from("hi"), Message::Text("hi".into()));
/// assert_eq!(Message::from(vec![1, 2]), Message::Binary(vec![1, 2].into()));
/// assert_eq!(Message::json(&[1, 2])?, Message::from("[1,2]"));
/// assert_eq!(Message::from("[1,2]").parse_json::<[u8; 2]>()?, [1, 2]);
/// # Ok::<(), robyn_ws::JsonError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message. The type guarantees valid UTF-8.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Message {
    /// Creates a text message of `value` in JSON.
    ///
    /// # Errors
    ///
    /// When the value's `Serialize` fails, or a map has keys that are not strings.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value).map(Self::from).map_err(JsonError::new)
    }

    /// Reads the payload as JSON; `T` may borrow from it.
    ///
    /// # Errors
    ///
    /// When the payload is not JSON, or not JSON for `T`.
    pub fn parse_json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        let value = match self {
            // A text is not checked to be UTF-8 again.
            Self::Text(text) => serde_json::from_str(text),
            Self::Binary(bytes) => serde_json::from_slice(bytes),
        };
        value.map_err(JsonError::new)
    }

    /// Gives the text: of a text message, or of a binary message that is valid UTF-8.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Binary(bytes) => std::str::from_utf8(bytes).ok(),
        }
    }

    /// Gives the payload: the bytes of a binary message, the UTF-8 bytes of a text.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Turns the message into its payload without copying.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Tells whether this is a text message.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Tells whether this is a binary message.
    pub const fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// Gives the length of the payload in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Tells whether the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(feature = "test-util")]
impl Message {
    /// Returns the payload for the text of a failed expectation. Unlike `{:?}`, it is never in a log.
    pub(crate) fn quoted(&self) -> String {
        match self {
            Self::Text(text) => format!("{text:?}"),
            Self::Binary(bytes) => format!("{bytes:?}"),
        }
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_text() { "Text" } else { "Binary" };
        f.debug_struct(kind).field("bytes", &self.len()).finish()
    }
}

/// A text message of the value in JSON. Encoding can fail, so a `Json` is no `Into<Message>`.
impl<T: Serialize> TryFrom<Json<T>> for Message {
    type Error = JsonError;

    fn try_from(Json(value): Json<T>) -> Result<Self, JsonError> {
        Self::json(&value)
    }
}

macro_rules! message_from {
    ($variant:ident: $($source:ty => |$value:ident| $make:expr),+ $(,)?) => {
        $(impl From<$source> for Message {
            fn from($value: $source) -> Self {
                Self::$variant($make)
            }
        })+
    };
}

message_from! { Text:
    &str => |text| text.into(),
    &String => |text| text.into(),
    String => |text| text.into(),
    Box<str> => |text| text.into(),
    Cow<'_, str> => |text| text.into(),
    Utf8Bytes => |text| text,
}

message_from! { Binary:
    &[u8] => |bytes| Bytes::copy_from_slice(bytes),
    &Vec<u8> => |bytes| Bytes::copy_from_slice(bytes),
    Vec<u8> => |bytes| bytes.into(),
    Box<[u8]> => |bytes| bytes.into(),
    Cow<'_, [u8]> => |bytes| bytes.into_owned().into(),
    Bytes => |bytes| bytes,
}

impl<const N: usize> From<&[u8; N]> for Message {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Binary(Bytes::copy_from_slice(bytes))
    }
}

impl<const N: usize> From<[u8; N]> for Message {
    fn from(bytes: [u8; N]) -> Self {
        Self::Binary(Bytes::copy_from_slice(&bytes))
    }
}

impl From<&Message> for Message {
    fn from(message: &Message) -> Self {
        message.clone()
    }
}
