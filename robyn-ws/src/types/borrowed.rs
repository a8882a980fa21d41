//! A message as the arguments of its handler borrow it: where it was read, or one that is owned.

use std::{cell::RefCell, sync::OnceLock};

use bytes::{Bytes, BytesMut};

use crate::{Utf8Bytes, types::message::Message};

thread_local! {
    /// Room for short messages that are copied to be kept.
    static COPIES: RefCell<Option<BytesMut>> = const { RefCell::new(None) };
}

/// So many messages share an allocation; longer ones have their own.
const SHARERS: usize = 8;

/// A message that lies in the buffer it was read into.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Borrowed<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

impl Borrowed<'_> {
    /// Copies the message, so that it can be kept. Short ones share allocations of `shared` bytes.
    #[inline]
    pub(crate) fn to_message(self, shared: usize) -> Message {
        match self {
            Self::Text(text) if text.len() > shared / SHARERS => text.into(),
            // It is checked once more, which costs no more than an allocation of its own.
            Self::Text(text) => Message::Text(
                Utf8Bytes::try_from(copy(text.as_bytes(), shared)).unwrap_or_else(|_| Utf8Bytes::from(text)),
            ),
            Self::Binary(bytes) if bytes.len() > shared / SHARERS => bytes.into(),
            Self::Binary(bytes) => copy(bytes, shared).into(),
        }
    }
}

fn copy(bytes: &[u8], shared: usize) -> Bytes {
    COPIES.with_borrow_mut(|copies| {
        let copies = copies.get_or_insert_default();
        if copies.capacity() < bytes.len() {
            copies.reserve(shared);
        }
        copies.extend_from_slice(bytes);
        copies.split().freeze()
    })
}

/// A borrowed message while its handler runs.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    message: Borrowed<'a>,
    /// The size of an allocation that copies share, in bytes.
    shared: usize,
    /// For an argument that borrows a [`Message`].
    copy: OnceLock<Message>,
}

impl<'a> Lent<'a> {
    pub(crate) const fn new(message: Borrowed<'a>, shared: usize) -> Self {
        Self {
            message,
            shared,
            copy: OnceLock::new(),
        }
    }
}

/// A message that has come.
#[doc(hidden)]
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a>(Kind<'a>);

#[derive(Clone, Copy, Debug)]
enum Kind<'a> {
    Owned(&'a Message),
    Lent(&'a Lent<'a>),
}

impl<'a> From<&'a Message> for Payload<'a> {
    fn from(message: &'a Message) -> Self {
        Self(Kind::Owned(message))
    }
}

impl<'a> From<&'a Lent<'a>> for Payload<'a> {
    fn from(lent: &'a Lent<'a>) -> Self {
        Self(Kind::Lent(lent))
    }
}

impl<'a> Payload<'a> {
    /// Gives the message. A borrowed one is copied once.
    pub(crate) fn message(self) -> &'a Message {
        match self.0 {
            Kind::Owned(message) => message,
            Kind::Lent(lent) => lent.copy.get_or_init(|| lent.message.to_message(lent.shared)),
        }
    }

    /// Gives a message that can be kept.
    #[inline]
    pub(crate) fn to_message(self) -> Message {
        match self.0 {
            Kind::Owned(message) => message.clone(),
            Kind::Lent(lent) => lent.message.to_message(lent.shared),
        }
    }

    /// As [`Message::as_text`].
    #[inline]
    pub(crate) fn as_text(self) -> Option<&'a str> {
        match self.0 {
            Kind::Owned(message) => message.as_text(),
            Kind::Lent(lent) => match lent.message {
                Borrowed::Text(text) => Some(text),
                Borrowed::Binary(bytes) => std::str::from_utf8(bytes).ok(),
            },
        }
    }

    /// As [`Message::as_bytes`].
    #[inline]
    pub(crate) fn as_bytes(self) -> &'a [u8] {
        match self.0 {
            Kind::Owned(message) => message.as_bytes(),
            Kind::Lent(lent) => match lent.message {
                Borrowed::Text(text) => text.as_bytes(),
                Borrowed::Binary(bytes) => bytes,
            },
        }
    }

    /// Gives the text of a text message.
    #[inline]
    pub(crate) fn known_text(self) -> Option<&'a str> {
        match self.0 {
            Kind::Owned(Message::Text(text)) => Some(text.as_str()),
            Kind::Lent(Lent {
                message: Borrowed::Text(text),
                ..
            }) => Some(text),
            Kind::Owned(Message::Binary(_)) | Kind::Lent(_) => None,
        }
    }
}
