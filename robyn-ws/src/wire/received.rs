//! Received frames, and the reasons why reading ends.

use bytes::Bytes;

use crate::{
    types::{
        close::{CloseReason, Ending},
        message::Message,
    },
    wire::{deflate::CompressedMessage, whole_message::WholeMessage},
};

/// A received frame, or the message that it completes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    Message(Message),
    /// A message that is not decompressed yet.
    Compressed(CompressedMessage),
    /// A fragment that does not complete its message.
    Fragment,
    Ping(Bytes),
    Pong,
    Close {
        code: Option<u16>,
        reason: String,
    },
}

/// A received message for a handler.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// It lies in the read buffer until the next frame is decoded.
    WholeMessage(WholeMessage),
    Owned(Message),
}

/// Why reading ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// The peer has closed its half of TCP, and may still read.
    Eof,
    /// TCP is broken.
    Lost,
    TooBig,
    TooManyFragments,
    InvalidUtf8,
    /// A compressed message is not a valid stream.
    #[cfg(feature = "deflate")]
    InvalidCompression,
    Protocol(&'static str),
}

impl ReadEnd {
    /// Returns how the connection ends.
    pub(crate) fn ending(&self) -> Ending {
        match self {
            Self::Eof | Self::Lost => Ending::lost(),
            Self::TooBig => Ending::because(
                CloseReason::MessageTooBig,
                "too big: over Limits::max_message_size or Limits::max_frame_size",
            ),
            Self::TooManyFragments => Ending::because(
                CloseReason::MessageTooBig,
                "too many fragments: over Limits::max_fragments",
            ),
            Self::InvalidUtf8 => Ending::because(CloseReason::InvalidPayload, "invalid UTF-8 in a text message"),
            #[cfg(feature = "deflate")]
            Self::InvalidCompression => Ending::because(
                CloseReason::InvalidPayload,
                "invalid compression of a message (RFC 7692)",
            ),
            Self::Protocol(what) => Ending::because(CloseReason::ProtocolError, *what),
        }
    }
}
