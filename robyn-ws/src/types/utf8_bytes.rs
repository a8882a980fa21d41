//! Shared text.

use std::{
    borrow::{Borrow, Cow},
    fmt,
    ops::Deref,
    str::Utf8Error,
};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
// It stores checked text without checking it again, which takes `unsafe` code. No public signature has this type.
use tokio_tungstenite::tungstenite::Utf8Bytes as Checked;

/// A text whose clones share the memory: [`Bytes`] that are always valid UTF-8.
///
/// Creating one from a `String` or a `&'static str` takes no check and no copy. A `&str` is copied, and bytes are
/// checked. `{:?}` prints the text, as for a `String`.
///
/// ```
/// use robyn_ws::{Utf8Bytes, prelude::Bytes};
///
/// let text = Utf8Bytes::try_from(Bytes::from_static(b"hi"))?;
/// assert_eq!(text, "hi");
/// assert_eq!(text.to_uppercase(), "HI");
/// # Ok::<(), std::str::Utf8Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Utf8Bytes(Checked);

impl Utf8Bytes {
    /// Creates a text without copying it.
    pub const fn from_static(text: &'static str) -> Self {
        Self(Checked::from_static(text))
    }

    /// Returns the text.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the shared bytes.
    #[inline]
    pub(crate) fn as_shared(&self) -> &Bytes {
        self.0.as_ref()
    }
}

impl Deref for Utf8Bytes {
    type Target = str;

    #[inline]
    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for Utf8Bytes {
    #[inline]
    fn as_ref(&self) -> &str {
        self
    }
}

impl AsRef<[u8]> for Utf8Bytes {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl Borrow<str> for Utf8Bytes {
    fn borrow(&self) -> &str {
        self
    }
}

impl fmt::Debug for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Utf8Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.as_str(), f)
    }
}

impl From<&str> for Utf8Bytes {
    #[inline]
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Utf8Bytes {
    #[inline]
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for Utf8Bytes {
    fn from(text: &String) -> Self {
        text.as_str().into()
    }
}

impl From<Box<str>> for Utf8Bytes {
    fn from(text: Box<str>) -> Self {
        String::from(text).into()
    }
}

impl From<Cow<'_, str>> for Utf8Bytes {
    fn from(text: Cow<'_, str>) -> Self {
        text.into_owned().into()
    }
}

impl TryFrom<Bytes> for Utf8Bytes {
    type Error = Utf8Error;

    #[inline]
    fn try_from(bytes: Bytes) -> Result<Self, Utf8Error> {
        bytes.try_into().map(Self)
    }
}

impl TryFrom<Vec<u8>> for Utf8Bytes {
    type Error = Utf8Error;

    fn try_from(bytes: Vec<u8>) -> Result<Self, Utf8Error> {
        Bytes::from(bytes).try_into()
    }
}

impl From<Utf8Bytes> for Bytes {
    #[inline]
    fn from(text: Utf8Bytes) -> Self {
        text.0.into()
    }
}

impl From<Utf8Bytes> for String {
    fn from(text: Utf8Bytes) -> Self {
        text.as_str().to_owned()
    }
}

macro_rules! equal_to {
    ($($text:ty),+) => {
        $(impl PartialEq<$text> for Utf8Bytes {
            #[inline]
            fn eq(&self, other: &$text) -> bool {
                self.as_str() == AsRef::<str>::as_ref(other)
            }
        }

        impl PartialEq<Utf8Bytes> for $text {
            #[inline]
            fn eq(&self, other: &Utf8Bytes) -> bool {
                other == self
            }
        })+
    };
}

equal_to!(str, &str, String);

impl Serialize for Utf8Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Utf8Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn text_is_what_a_string_is_to_comparisons_hashes_and_output() {
        let text = Utf8Bytes::from("grüße");
        let (string, greater) = ("grüße".to_owned(), Utf8Bytes::from("h"));
        assert_eq!(text, "grüße");
        assert_eq!(text, string);
        assert_eq!(*string, text);
        assert!(text < greater && text != greater);
        assert!(HashSet::from([text.clone()]).contains("grüße"));
        assert_eq!(format!("{text} {text:?} {text:>6}"), "grüße \"grüße\"  grüße");
    }

    #[test]
    fn bytes_and_strings_become_text_without_a_copy() {
        let (bytes, string) = (Bytes::from("ü".repeat(50)), "ü".repeat(50));
        let places = (bytes.as_ptr(), string.as_ptr());
        let of_bytes = Utf8Bytes::try_from(bytes).expect("UTF-8");
        let of_string = Utf8Bytes::from(string);
        assert_eq!(of_bytes, of_string);
        assert_eq!((of_bytes.as_ptr(), of_string.as_ptr()), places);
        assert_eq!(Bytes::from(of_bytes).as_ptr(), places.0);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        let refused = Utf8Bytes::try_from(b"a\xff".to_vec()).expect_err("not UTF-8");
        assert_eq!(refused.valid_up_to(), 1);
    }

    #[test]
    fn text_is_a_string_in_json() {
        let text = Utf8Bytes::from("\"quoted\"");
        let json = serde_json::to_string(&text).expect("a string can be JSON");
        assert_eq!(json, r#""\"quoted\"""#);
        assert_eq!(serde_json::from_str::<Utf8Bytes>(&json).expect("JSON"), text);
    }
}
