//! The compression of messages: permessage-deflate (RFC 7692). Without the feature `deflate`, `wire/no_deflate.rs` stands
//! in for this folder.
//!
//! A compressor takes some 380 KiB and a decompressor 47 KiB, whatever their window. So each thread has one of each for
//! all its connections, and a connection has its own only if it keeps its context from one message to the next.
//!
//! A connection has a form, in which it gets its messages. A message of many recipients is encoded once for each of their
//! forms. A message in the plain form is right for every connection: only its length is different.

mod compressor;
mod deferred;
mod encoder;
mod form;
mod framing;
mod inflater;
mod inflating;
mod inflation;
#[cfg(test)]
mod tests;
mod writing;

pub(crate) use self::{
    compressor::Parameters,
    deferred::Deferred,
    encoder::{BroadcastFrame, Encoder},
    form::{Form, Forms, Window},
    inflating::CompressedMessage,
    inflation::Inflation,
    writing::{Deflation, HeldBack},
};

/// The end of a flushed stream, which is not sent (RFC 7692 section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xff, 0xff];

/// Memory that a thread keeps for the output of its next message, in bytes.
const KEPT_OUTPUT: usize = 64 * 1024;

/// Messages longer than this many bytes are compressed on a thread for computations. Shorter ones take less than a
/// millisecond at the default level.
const LONG_MESSAGE: usize = 256 * 1024;

/// The sizes of some messages, without and with compression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Compressed {
    pub(crate) plain: usize,
    pub(crate) compressed: usize,
}

impl Compressed {
    pub(crate) const fn is_nothing(self) -> bool {
        self.plain == 0
    }

    pub(crate) const fn add(&mut self, other: Self) {
        self.plain += other.plain;
        self.compressed += other.compressed;
    }
}

/// The result of the negotiation for one connection. The default is a connection without compression.
#[derive(Debug, Default)]
pub(crate) struct Negotiated {
    pub(crate) form: Form,
    pub(crate) inflation: Option<Box<Inflation>>,
    pub(crate) deflation: Deflation,
}
