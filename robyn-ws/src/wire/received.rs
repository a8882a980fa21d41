//! What a peer sent, and why nothing more can be read.

use bytes::Bytes;

use crate::{types::message::Message, wire::whole_message::WholeMessage};

/// One frame of a peer, or the message that it completed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Message(Message),
    /// A fragment that does not complete its message.
    Fragment,
    Ping(Bytes),
    Pong,
    Close {
        code: Option<u16>,
        reason: String,
    },
}

/// A message on its way to its handler.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It lies in the read buffer until the next frame is decoded.
    WholeMessage(WholeMessage),
    Owned(Message),
}

/// Why nothing more can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// The peer ended its half of TCP, and may still read.
    Eof,
    /// TCP is broken.
    Lost,
    TooBig,
    TooManyFragments,
    InvalidUtf8,
    Protocol(&'static str),
}
