//! Who the client of a connection is.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who the client of a connection is: the name or the number of a user, for example. Cheap to clone.
///
/// Connections with equal identities are those of one person, on all endpoints of an app. An `upgrade` handler returns the
/// identity, or any handler calls [`WebSocketConnector::identify`](crate::WebSocketConnector::identify).
///
/// `{:?}` prints only its length, because it often is a name. In serde's formats, it is its text.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/chat", on = "upgrade")]
/// fn enter(headers: &HeaderMap) -> Result<Identity, StatusCode> {
///     let user = headers.get("x-user").and_then(|user| user.to_str().ok());
///     user.map(Identity::new).ok_or(StatusCode::UNAUTHORIZED)
/// }
///
/// let identity = Identity::new("u17");
/// assert_eq!(identity.as_str(), "u17");
/// assert_eq!(identity, Identity::from(format!("u{}", 17)));
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity(Arc<str>);

impl Identity {
    /// Creates an identity from a text that is unique to a person.
    ///
    /// A connection takes an identity of at most 256 bytes
    /// ([`Limits::max_identity_size`](crate::Limits::max_identity_size)).
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("bytes", &self.0.len()).finish()
    }
}

impl AsRef<str> for Identity {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Borrow<str> for Identity {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl PartialEq<str> for Identity {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Identity {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

macro_rules! from_text {
    ($($text:ty),+) => {
        $(impl From<$text> for Identity {
            fn from(text: $text) -> Self {
                Self(text.into())
            }
        })+
    };
}

from_text!(&str, String, Arc<str>, Box<str>);

impl From<&String> for Identity {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<&Self> for Identity {
    fn from(identity: &Self) -> Self {
        identity.clone()
    }
}

impl Serialize for Identity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
