//! Judges a frame by its header, before its payload is awaited (RFC 6455 section 5.2), and knows whether a
//! decoder holds something.
//!
//! The decoder does so for a frame that is too long by itself. It judges a message in fragments, and a control frame, only
//! when the payload is there: until then a peer could have it wait, and keep memory for it.

use std::io::Cursor;

use tokio_tungstenite::tungstenite::{
    error::ProtocolError,
    protocol::frame::{
        FrameHeader,
        coding::{Data, OpCode},
    },
};

use crate::connection::decoder::ReadEnd;

/// The longest payload of a control frame (RFC 6455 section 5.5).
const MAX_CONTROL: u64 = 125;

/// The longest header: with a length of eight bytes and a masking key.
const MAX_HEADER: usize = 14;

/// Where the bytes that went to a decoder end.
#[derive(Debug, Default)]
pub(super) struct Lookout {
    /// The beginning of a header whose end has not come.
    header: [u8; MAX_HEADER],
    header_length: usize,
    payload_left: u64,
    /// The payload of the unfinished message so far.
    message: u64,
    /// Whether there is an unfinished message, which a continuation goes on with.
    unfinished: bool,
    /// The messages and control frames that were begun, and that the decoder has not given yet.
    begun: usize,
}

impl Lookout {
    /// The decoder has given a message or a control frame.
    pub(super) const fn given(&mut self) {
        self.begun -= 1;
    }

    /// Tells whether the decoder holds nothing: neither a message, nor a part of one, nor a part of a header.
    pub(super) const fn is_at_rest(&self) -> bool {
        self.begun == 0 && self.header_length == 0
    }

    /// Gives how many of `bytes` may go to the decoder, and what is wrong with the frame behind them, if something is.
    /// That frame is judged again when it is offered again.
    pub(super) fn admit(&mut self, bytes: &[u8], max_message_size: usize) -> (usize, Option<ReadEnd>) {
        let mut at = 0;
        while at < bytes.len() {
            if self.payload_left > 0 {
                let here =
                    usize::try_from(self.payload_left).map_or(bytes.len() - at, |left| left.min(bytes.len() - at));
                self.payload_left -= here as u64;
                at += here;
                continue;
            }
            if self.header_length == 0
                && let Some((payload, length)) = short_message(&bytes[at..])
                && payload <= max_message_size as u64
            {
                self.begun += 1;
                self.payload_left = payload;
                at += length;
                continue;
            }
            let Some((header, payload, length)) = self.parse(&bytes[at..]) else {
                self.remember(&bytes[at..]);
                return (bytes.len(), None);
            };
            if let Err(end) = self.judge(&header, payload, max_message_size) {
                return (at, Some(end));
            }
            self.header_length = 0;
            self.payload_left = payload;
            at += length;
        }
        (bytes.len(), None)
    }

    /// Reads a header from what is remembered and `bytes`. Gives it, the length of its payload, and how many of `bytes`
    /// it took.
    fn parse(&self, bytes: &[u8]) -> Option<(FrameHeader, u64, usize)> {
        if self.header_length == 0 {
            return parse(bytes);
        }
        let (mut whole, known) = (self.header, self.header_length);
        let more = bytes.len().min(MAX_HEADER - known);
        whole[known..known + more].copy_from_slice(&bytes[..more]);
        let (header, payload, length) = parse(&whole[..known + more])?;
        Some((header, payload, length - known))
    }

    fn remember(&mut self, bytes: &[u8]) {
        let known = self.header_length;
        // A header that no one can read is the decoder's to refuse.
        let more = bytes.len().min(MAX_HEADER - known);
        self.header[known..known + more].copy_from_slice(&bytes[..more]);
        self.header_length = known + more;
    }

    fn judge(&mut self, header: &FrameHeader, payload: u64, max_message_size: usize) -> Result<(), ReadEnd> {
        let OpCode::Data(data) = header.opcode else {
            if payload > MAX_CONTROL {
                return Err(ReadEnd::Protocol(ProtocolError::ControlFrameTooBig.to_string()));
            }
            self.begun += 1;
            return Ok(());
        };
        let goes_on = data == Data::Continue;
        let message = payload.saturating_add(if goes_on { self.message } else { 0 });
        if message > max_message_size as u64 {
            return Err(ReadEnd::TooBig);
        }
        // The decoder also holds a continuation of nothing, until it refuses it.
        self.begun += usize::from(!(goes_on && self.unfinished));
        self.unfinished = !header.is_final;
        self.message = if header.is_final { 0 } else { message };
        Ok(())
    }
}

/// Reads the header of a short message in a single frame. Most frames are that, and can be right.
fn short_message(bytes: &[u8]) -> Option<(u64, usize)> {
    const SINGLE_TEXT: u8 = 0x81;
    const SINGLE_BINARY: u8 = 0x82;
    const MASKED: u8 = 0x80;
    match bytes {
        [SINGLE_TEXT | SINGLE_BINARY, length @ MASKED..=0xFD, _, _, _, _, ..] => Some((u64::from(length - MASKED), 6)),
        _ => None,
    }
}

fn parse(bytes: &[u8]) -> Option<(FrameHeader, u64, usize)> {
    let mut cursor = Cursor::new(bytes);
    let (header, payload) = FrameHeader::parse(&mut cursor).ok()??;
    Some((header, payload, usize::try_from(cursor.position()).ok()?))
}
