//! A message as the arguments of its handler borrow it: where it was read, or one that somebody owns.

use std::sync::OnceLock;

use crate::Message;

/// The content of a message that lies in the buffer it was read into.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Borrowed<'a> {
    Text(&'a str),
    Binary(&'a [u8]),
}

/// A borrowed message, and its copy if an argument wants one.
#[derive(Debug)]
pub(crate) struct Lent<'a> {
    content: Borrowed<'a>,
    copy: OnceLock<Message>,
}

impl<'a> Lent<'a> {
    pub(crate) const fn new(content: Borrowed<'a>) -> Self {
        Self {
            content,
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
    /// Gives the message, which is copied if it was borrowed.
    pub(crate) fn message(self) -> &'a Message {
        match self.0 {
            Kind::Owned(message) => message,
            Kind::Lent(lent) => lent.copy.get_or_init(|| match lent.content {
                Borrowed::Text(text) => text.into(),
                Borrowed::Binary(bytes) => bytes.into(),
            }),
        }
    }

    /// As [`Message::as_text`].
    pub(crate) fn as_text(self) -> Option<&'a str> {
        match self.0 {
            Kind::Owned(message) => message.as_text(),
            Kind::Lent(lent) => match lent.content {
                Borrowed::Text(text) => Some(text),
                Borrowed::Binary(bytes) => std::str::from_utf8(bytes).ok(),
            },
        }
    }

    /// As [`Message::as_bytes`].
    pub(crate) fn as_bytes(self) -> &'a [u8] {
        match self.0 {
            Kind::Owned(message) => message.as_bytes(),
            Kind::Lent(lent) => match lent.content {
                Borrowed::Text(text) => text.as_bytes(),
                Borrowed::Binary(bytes) => bytes,
            },
        }
    }

    /// Gives the text of a text message.
    pub(crate) fn known_text(self) -> Option<&'a str> {
        match self.0 {
            Kind::Owned(Message::Text(text)) => Some(text.as_str()),
            Kind::Lent(Lent {
                content: Borrowed::Text(text),
                ..
            }) => Some(text),
            Kind::Owned(Message::Binary(_)) | Kind::Lent(_) => None,
        }
    }
}
