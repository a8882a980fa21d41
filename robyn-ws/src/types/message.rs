//! A message: text or binary.

use std::{borrow::Cow, fmt};

use axum::Json;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::types::{error::JsonError, utf8_bytes::Utf8Bytes};

/// A message, text or binary. Clones share the payload.
///
/// `{:?}` prints the kind and the length, never the payload. All methods that send take `impl Into<Message>`:
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
    /// A text message, which is always valid UTF-8.
    Text(Utf8Bytes),
    /// A binary message.
    Binary(Bytes),
}

impl Message {
    /// Creates a text message with `value` as JSON.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the `Serialize` of the value fails, or a map has keys that are not strings.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::to_string(value)
            .map(Self::from)
            .map_err(JsonError::encoding)
    }

    /// Parses the payload as JSON. `T` may borrow from the message.
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the payload is not JSON, or not the JSON of a `T`.
    pub fn parse_json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, JsonError> {
        let value = match self {
            // The text is known to be UTF-8, so it is not checked again.
            Self::Text(text) => serde_json::from_str(text),
            Self::Binary(bytes) => serde_json::from_slice(bytes),
        };
        value.map_err(JsonError::parsing)
    }

    /// Returns the payload as text, or `None` if it is not valid UTF-8. A binary message can be text as well.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// assert_eq!(Message::from(b"hi").as_text(), Some("hi"));
    /// assert_eq!(Message::from(b"\xff").as_text(), None);
    /// ```
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text.as_str()),
            Self::Binary(bytes) => std::str::from_utf8(bytes).ok(),
        }
    }

    /// Returns the payload. For a text message, this is its UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Returns the payload without copying it.
    pub fn into_bytes(self) -> Bytes {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(bytes) => bytes,
        }
    }

    /// Returns `true` if this is a text message.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    /// Returns `true` if this is a binary message.
    pub const fn is_binary(&self) -> bool {
        matches!(self, Self::Binary(_))
    }

    /// Returns the length of the payload in bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Returns `true` if the payload is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(feature = "test-util")]
impl Message {
    /// Returns the payload for the text of a failed expectation. Unlike `{:?}`, it must not be logged.
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

/// Creates a text message with the value as JSON. This can fail, so `Json` is not `Into<Message>`.
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
