//! A message as the arguments of its handler see it: borrowed from the read buffer, or owned.

use std::sync::OnceLock;

use crate::types::message::Message;

/// A message that is borrowed from the read buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Borrowed<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

impl<'a> From<&'a Message> for Borrowed<'a> {
    #[inline]
    fn from(message: &'a Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text),
            Message::Binary(bytes) => Self::Binary(bytes),
        }
    }
}

impl Borrowed<'_> {
    /// Copies the message. The text is not checked again.
    #[inline]
    pub(crate) fn to_message(self) -> Message {
        match self {
            Self::Text(text) => text.into(),
            Self::Binary(bytes) => bytes.into(),
        }
    }
}

/// A borrowed message while its handler runs.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    message: Borrowed<'a>,
    /// The copy for an argument of type `&Message`.
    copy: OnceLock<Message>,
}

impl<'a> Lent<'a> {
    pub(crate) const fn new(message: Borrowed<'a>) -> Self {
        Self {
            message,
            copy: OnceLock::new(),
        }
    }
}

/// A received message.
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
    /// Returns the message. A borrowed message is copied once.
    pub(crate) fn message(self) -> &'a Message {
        match self.0 {
            Kind::Owned(message) => message,
            Kind::Lent(lent) => lent.copy.get_or_init(|| lent.message.to_message()),
        }
    }

    /// Returns an owned message.
    #[inline]
    pub(crate) fn to_message(self) -> Message {
        match self.0 {
            Kind::Owned(message) => message.clone(),
            Kind::Lent(lent) => lent.message.to_message(),
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

    /// Returns the text of a text message. Unlike [`Self::as_text`], returns `None` for a binary message.
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
