//! The reply of a handler, as it is copied into a frame.

use std::borrow::Cow;

use crate::types::message::Message;

/// A message, or the parts of one, which are joined in the memory of their frame.
pub(crate) trait Reply {
    fn is_text(&self) -> bool;

    /// Returns the payload.
    fn parts(&self) -> impl AsRef<[&[u8]]>;

    /// Returns the length of the payload in bytes.
    #[inline]
    fn length(&self) -> usize {
        self.parts().as_ref().iter().map(|part| part.len()).sum()
    }

    fn to_message(&self) -> Cow<'_, Message>;
}

impl Reply for Message {
    #[inline]
    fn is_text(&self) -> bool {
        matches!(self, Self::Text(_))
    }

    #[inline]
    fn parts(&self) -> impl AsRef<[&[u8]]> {
        [self.as_bytes()]
    }

    fn to_message(&self) -> Cow<'_, Message> {
        Cow::Borrowed(self)
    }
}
