//! Decodes the frames of a client (RFC 6455 section 5), without I/O.
//!
//! A decoder is empty between two messages, so each thread keeps one for all its connections. A connection keeps its
//! own decoder only in the middle of a message.

use std::{cell::Cell, mem::take};

use bytes::{Bytes, BytesMut};

use crate::{
    types::{close::may_be_sent, limits::Bounds, message::Message, utf8_bytes::Utf8Bytes},
    wire::{
        deflate::{CompressedMessage, Inflation},
        header::{Context, Header, MAX_HEADER, OpCode},
        mask::unmask,
        received::{ReadEnd, Received},
    },
};

thread_local! {
    static SPARE: Cell<Option<Box<Decoder>>> = const { Cell::new(None) };
}

/// Texts longer than this many bytes are checked by [`check`], although `Utf8Bytes` then needs a copy.
const LONG_TEXT: usize = 4096;

/// The kind of a fragmented message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Binary,
}

/// A frame whose payload is incomplete.
#[derive(Debug)]
struct Partial {
    header: Header,
    /// Number of payload bytes received.
    got: usize,
}

/// A decoder of frames.
#[derive(Debug)]
pub(crate) struct Decoder {
    /// The bytes of an incomplete header.
    header: [u8; MAX_HEADER],
    header_length: usize,
    frame: Option<Partial>,
    /// The kind of the incomplete message.
    message: Option<Kind>,
    /// Whether the incomplete message is compressed.
    is_compressed: bool,
    /// Number of fragments received of the incomplete message.
    fragments: usize,
    /// The payload of the incomplete message, and of the current data frame. It grows as bytes arrive. One allocation
    /// is split between several messages.
    payload: BytesMut,
    /// Number of bytes of an incomplete text that are known to be valid UTF-8.
    checked: usize,
    /// The payload of the current control frame, which may arrive in the middle of a message.
    control: Vec<u8>,
    /// [`Limits::read_buffer`](crate::Limits::read_buffer), the size of an allocation for payloads.
    read_buffer: usize,
}

impl Decoder {
    /// Returns the thread's decoder, or a new one.
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "it moves from the thread to a connection and back"
    )]
    pub(crate) fn take(bounds: &Bounds) -> Box<Self> {
        SPARE
            .take()
            .filter(|spare| spare.read_buffer == bounds.read_buffer)
            .unwrap_or_else(|| Box::new(Self::new(bounds.read_buffer)))
    }

    fn new(read_buffer: usize) -> Self {
        Self {
            header: [0; MAX_HEADER],
            header_length: 0,
            frame: None,
            message: None,
            is_compressed: false,
            fragments: 0,
            payload: BytesMut::with_capacity(read_buffer),
            checked: 0,
            control: Vec::new(),
            read_buffer,
        }
    }

    /// Returns `true` in the middle of a data frame.
    pub(crate) fn is_inside_data_frame(&self) -> bool {
        const CONTROL: u8 = 0x08;
        match &self.frame {
            Some(frame) => !frame.header.opcode.is_control(),
            None => self.header_length > 0 && self.header[0] & CONTROL == 0,
        }
    }

    /// Returns the decoder if it is in the middle of a message. Otherwise keeps it for the thread.
    pub(crate) fn into_unfinished(self: Box<Self>) -> Option<Box<Self>> {
        let is_finished = self.header_length == 0 && self.frame.is_none() && self.message.is_none();
        let mut decoder = Some(self);
        if let Some(spare) = decoder.take_if(|_| is_finished) {
            SPARE.set(Some(spare));
        }
        decoder
    }

    /// Decodes the next frame and advances `bytes` past it. Returns `None` if the frame is incomplete. With an
    /// `inflation`, messages may be compressed.
    pub(crate) fn next(
        &mut self,
        bytes: &mut &[u8],
        bounds: &Bounds,
        inflation: Option<&Inflation>,
    ) -> Result<Option<Received>, ReadEnd> {
        let mut frame = match self.frame.take() {
            Some(frame) => frame,
            None => match self.next_header(bytes, bounds, inflation.is_some())? {
                Some(header) => Partial { header, got: 0 },
                None => return Ok(None),
            },
        };
        if self.take_payload(&mut frame, bytes) {
            return self.finish(frame.header, bounds, inflation).map(Some);
        }
        self.frame = Some(frame);
        Ok(None)
    }

    fn next_header(
        &mut self,
        bytes: &mut &[u8],
        bounds: &Bounds,
        may_be_compressed: bool,
    ) -> Result<Option<Header>, ReadEnd> {
        let context = Context {
            in_message: self.message.is_some(),
            message: self.payload.len(),
            max_message: bounds.max_message_size,
            max_frame: bounds.max_frame_size,
            may_be_compressed,
            is_compressed: self.is_compressed,
        };
        let known = self.header_length;
        if known == 0
            && let Some((header, length)) = Header::parse(bytes, context)?
        {
            *bytes = &bytes[length..];
            return Ok(Some(header));
        }
        let more = bytes.len().min(MAX_HEADER - known);
        self.header[known..known + more].copy_from_slice(&bytes[..more]);
        let Some((header, length)) = Header::parse(&self.header[..known + more], context)? else {
            *bytes = &bytes[more..];
            self.header_length = known + more;
            return Ok(None);
        };
        *bytes = &bytes[length - known..];
        self.header_length = 0;
        Ok(Some(header))
    }

    /// Takes the received part of the frame's payload and unmasks it. Returns `true` if the payload is complete.
    fn take_payload(&mut self, frame: &mut Partial, bytes: &mut &[u8]) -> bool {
        let missing = usize::try_from(frame.header.payload).map_or(usize::MAX, |all| all - frame.got);
        let (come, rest) = bytes.split_at(missing.min(bytes.len()));
        *bytes = rest;
        let unmasked = if frame.header.opcode.is_control() {
            let start = self.control.len();
            self.control.extend_from_slice(come);
            &mut self.control[start..]
        } else {
            let start = self.payload.len();
            if self.payload.capacity() - start < come.len() {
                // Doubles at least, as a vector does. Otherwise each read would copy a long message.
                self.payload.reserve(come.len().max(start).max(self.read_buffer));
            }
            self.payload.extend_from_slice(come);
            &mut self.payload[start..]
        };
        let mut mask = frame.header.mask;
        mask.rotate_left(frame.got % 4);
        unmask(unmasked, mask);
        frame.got += come.len();
        come.len() == missing
    }

    /// Handles a complete frame.
    fn finish(&mut self, header: Header, bounds: &Bounds, inflation: Option<&Inflation>) -> Result<Received, ReadEnd> {
        let kind = match header.opcode {
            OpCode::Ping => return Ok(Received::Ping(take(&mut self.control).into())),
            OpCode::Pong => {
                self.control.clear();
                return Ok(Received::Pong);
            }
            OpCode::Close => return close(&take(&mut self.control)),
            OpCode::Text => Kind::Text,
            OpCode::Binary => Kind::Binary,
            // The header is refused if there is no message to continue.
            OpCode::Continuation => self.message.unwrap_or(Kind::Binary),
        };
        let is_compressed = header.is_compressed || take(&mut self.is_compressed);
        if header.is_final {
            (self.message, self.fragments, self.checked) = (None, 0, 0);
            let payload = self.payload.split().freeze();
            return match inflation {
                Some(client) if is_compressed => {
                    let message = CompressedMessage::of(client, kind == Kind::Text, payload);
                    Ok(Received::Compressed(message))
                }
                _ => message(kind, payload).map(Received::Message),
            };
        }
        self.message = Some(kind);
        self.is_compressed = is_compressed;
        self.fragments += 1;
        if self.fragments >= bounds.max_fragments {
            return Err(ReadEnd::TooManyFragments);
        }
        if kind == Kind::Text && !is_compressed {
            self.check_text()?;
        }
        Ok(Received::Fragment)
    }

    /// Refuses an incomplete text as soon as it cannot become valid. A character may continue in the next fragment.
    fn check_text(&mut self) -> Result<(), ReadEnd> {
        match std::str::from_utf8(&self.payload[self.checked..]) {
            Ok(_) => self.checked = self.payload.len(),
            Err(error) if error.error_len().is_none() => self.checked += error.valid_up_to(),
            Err(_) => return Err(ReadEnd::InvalidUtf8),
        }
        Ok(())
    }
}

fn message(kind: Kind, payload: Bytes) -> Result<Message, ReadEnd> {
    Ok(match kind {
        // A long text is copied, because the fast check returns a `&str`. The copy takes only the memory that it needs.
        Kind::Text if payload.len() > LONG_TEXT => check(&payload)?.into(),
        Kind::Text => Message::Text(Utf8Bytes::try_from(payload).map_err(|_| ReadEnd::InvalidUtf8)?),
        Kind::Binary => Message::Binary(payload),
    })
}

/// Checks that `payload` is text, faster than the standard library.
#[inline]
pub(crate) fn check(payload: &[u8]) -> Result<&str, ReadEnd> {
    simdutf8::basic::from_utf8(payload).map_err(|_| ReadEnd::InvalidUtf8)
}

/// Parses the payload of a Close frame: nothing, or a code and a reason (RFC 6455 section 5.5.1).
fn close(payload: &[u8]) -> Result<Received, ReadEnd> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() {
            let (code, reason) = (None, String::new());
            Ok(Received::Close { code, reason })
        } else {
            Err(ReadEnd::Protocol("Close frame with an incomplete code"))
        };
    };
    let code = u16::from_be_bytes(*code);
    if !may_be_sent(code) {
        return Err(ReadEnd::Protocol("close code that must not be sent"));
    }
    let reason = std::str::from_utf8(reason).map_err(|_| ReadEnd::InvalidUtf8)?;
    Ok(Received::Close {
        code: Some(code),
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let length = u8::try_from(payload.len()).expect("a short payload");
        let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
        [first, 0x80 | length].into_iter().chain(MASK).chain(masked).collect()
    }

    /// Decodes `bytes` in pieces of `size`.
    fn decode(bytes: &[u8], size: usize) -> Result<Vec<Received>, ReadEnd> {
        let (bounds, mut all) = (Bounds::default(), Vec::new());
        let mut decoder = Some(Box::new(Decoder::new(64)));
        for mut piece in bytes.chunks(size) {
            let mut taken = decoder.take().unwrap_or_else(|| Decoder::take(&bounds));
            while let Some(received) = taken.next(&mut piece, &bounds, None)? {
                all.push(received);
            }
            decoder = taken.into_unfinished();
        }
        Ok(all)
    }

    #[test]
    fn frames_are_decoded_alike_however_the_bytes_come() {
        let text = "grüße, 世界 and a payload of more than eight bytes";
        let bytes = [
            frame(0x81, text.as_bytes()),
            frame(0x01, &text.as_bytes()[..3]),
            frame(0x89, b"ping"),
            frame(0x00, b""),
            frame(0x80, &text.as_bytes()[3..]),
            frame(0x82, b""),
            frame(0x88, &[&[0x03, 0xF6], "bye".as_bytes()].concat()),
        ]
        .concat();
        let expected = [
            Received::Message(text.into()),
            Received::Fragment,
            Received::Ping("ping".into()),
            Received::Fragment,
            Received::Message(text.into()),
            Received::Message(Message::Binary(Bytes::new())),
            Received::Close {
                code: Some(1014),
                reason: "bye".to_owned(),
            },
        ];
        for size in 1..=bytes.len() {
            let decoded = decode(&bytes, size).expect("valid frames");
            assert_eq!(decoded, expected, "in pieces of {size}");
        }
    }

    #[test]
    fn unfinished_text_is_refused_with_the_fragment_that_breaks_it() {
        assert_eq!(decode(&frame(0x01, b"a\xff"), 100), Err(ReadEnd::InvalidUtf8));
        let split_character = [frame(0x01, b"\xc3"), frame(0x00, b"\xc3")].concat();
        assert_eq!(decode(&split_character, 100), Err(ReadEnd::InvalidUtf8));
    }

    #[test]
    fn close_is_judged_by_its_payload() {
        for (payload, expected) in [
            (&[0x03][..], ReadEnd::Protocol("Close frame with an incomplete code")),
            (&[0x03, 0xED], ReadEnd::Protocol("close code that must not be sent")),
            (&[0x03, 0xE8, 0xFF], ReadEnd::InvalidUtf8),
        ] {
            assert_eq!(decode(&frame(0x88, payload), 100), Err(expected), "{payload:x?}");
        }
        let own_violation = [&[0x03, 0xEA], "Protocol violation".as_bytes()].concat();
        let decoded = decode(&frame(0x88, &own_violation), 100);
        assert!(
            matches!(decoded.as_deref(), Ok([Received::Close { code: Some(1002), .. }])),
            "{decoded:?}"
        );
    }
}
