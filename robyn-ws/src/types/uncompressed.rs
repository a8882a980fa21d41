//! Messages that are never compressed.
//!
//! A message is an enum with public variants, so it has no room for a mark. The memory of such a message is noted here
//! instead, until its last clone is dropped.

use std::{
    collections::BTreeMap,
    sync::{
        PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;

use crate::types::{message::Message, utf8_bytes::Utf8Bytes};

/// Number of noted messages. Read without the lock.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The memory of each noted message: the addresses of its first byte and behind its last one.
static NOTED: RwLock<BTreeMap<usize, usize>> = RwLock::new(BTreeMap::new());

/// The payload of a noted message.
struct Noted(Bytes);

impl AsRef<[u8]> for Noted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Noted {
    fn drop(&mut self) {
        // Before the memory is freed, and can be that of another message.
        let mut noted = NOTED.write().unwrap_or_else(PoisonError::into_inner);
        noted.remove(&address(&self.0));
        COUNT.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Message {
    /// Returns the message as one that [`App::compression`](crate::App::compression) does not compress. It needs the cargo
    /// feature `deflate`.
    ///
    /// Use it for a message that contains a secret and text of somebody else: the length of a compressed message shows how
    /// similar they are (CRIME, BREACH). Clones of the message and of its payload are not compressed either. Copies of the
    /// payload, such as a `String`, are. It
    /// needs the cargo feature `deflate`.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// #[websocket("/session", on = "message")]
    /// fn token(search: &str) -> Message {
    ///     Message::from(format!("{{\"token\":\"a secret\",\"search\":\"{search}\"}}")).uncompressed()
    /// }
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    #[must_use = "it returns the message that is not compressed"]
    pub fn uncompressed(self) -> Self {
        if self.is_empty() {
            return self;
        }
        let is_text = self.is_text();
        let payload = note(self.into_bytes());
        match Utf8Bytes::try_from(payload.clone()) {
            Ok(text) if is_text => Self::Text(text),
            _ => Self::Binary(payload),
        }
    }

    /// Returns `true` if the message is never compressed.
    pub(crate) fn is_uncompressed(&self) -> bool {
        if COUNT.load(Ordering::Relaxed) == 0 {
            return false;
        }
        let payload = self.as_bytes();
        let noted = NOTED.read().unwrap_or_else(PoisonError::into_inner);
        let nearest = noted.range(..=address(payload)).next_back();
        nearest.is_some_and(|(_, end)| address(payload) < *end)
    }
}

/// Notes the memory of `payload`, which is not empty.
fn note(payload: Bytes) -> Bytes {
    let (start, length) = (address(&payload), payload.len());
    let mut noted = NOTED.write().unwrap_or_else(PoisonError::into_inner);
    let nearest = noted.range(..start + length).next_back();
    if nearest.is_some_and(|(_, end)| start < *end) {
        // Another message has some of this memory, and may be dropped first: this one gets memory of its own.
        drop(noted);
        return note(Bytes::copy_from_slice(&payload));
    }
    noted.insert(start, start + length);
    COUNT.fetch_add(1, Ordering::Relaxed);
    drop(noted);
    Bytes::from_owner(Noted(payload))
}

fn address(bytes: &[u8]) -> usize {
    bytes.as_ptr().addr()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_its_clones_and_its_payload_stay_uncompressed() {
        let text = Message::from("a secret".to_owned());
        assert!(!text.is_uncompressed());
        let text = text.uncompressed();
        assert_eq!(text, Message::from("a secret"));
        assert!(text.is_text() && text.is_uncompressed() && text.clone().is_uncompressed());
        let payload = text.into_bytes();
        assert!(Message::from(payload.slice(2..)).is_uncompressed());
        assert!(!Message::from(payload.to_vec()).is_uncompressed());
    }

    #[test]
    fn nothing_is_noted_when_the_last_clone_is_gone() {
        let message = Message::from(vec![1; 100]).uncompressed();
        let start = address(message.as_bytes());
        assert!(message.is_binary() && message.clone().uncompressed().is_uncompressed());
        assert!(NOTED.read().expect("nothing has panicked").contains_key(&start));
        let clone = message.clone();
        drop(message);
        assert!(clone.is_uncompressed());
        drop(clone);
        assert!(!NOTED.read().expect("nothing has panicked").contains_key(&start));
    }

    #[test]
    fn constant_can_be_in_several_messages() {
        static CONSTANT: [u8; 10] = [7; 10];
        let constant = || Message::from(Bytes::from_static(&CONSTANT)).uncompressed();
        let (one, other) = (constant(), constant());
        assert!(one.is_uncompressed() && other.is_uncompressed());
        drop(one);
        assert!(other.is_uncompressed());
        assert!(Message::from("").uncompressed().is_empty());
    }
}
