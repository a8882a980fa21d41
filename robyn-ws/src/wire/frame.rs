//! An encoded frame, which can be written to any number of connections (RFC 6455 section 5.2).

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use bytes::{BufMut, Bytes, BytesMut};

#[cfg(feature = "deflate")]
use crate::wire::deflate::Deferred;
use crate::{
    types::{close::CloseFrame, message::Message, reply::Reply},
    util::user_value::UserValue,
};

const FIN: u8 = 0x80;
const TEXT: u8 = 0x1;
const BINARY: u8 = 0x2;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xA;

/// Up to this many bytes of payload are copied behind the header, so that a small frame is one piece of memory. A
/// longer payload is shared with its message, because a copy would cost more than a second piece.
const COPIED_PAYLOAD: usize = 2048;

/// Up to this many bytes of several frames are copied together for many connections.
const GATHERED: usize = 16 * 1024;

/// A run longer than this many bytes is not extended.
const LONG_RUN: usize = 8 * 1024;

thread_local! {
    /// The buffer for encoding a frame, before the exact length is allocated.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    /// A written run whose memory the next run uses.
    static SPARE_RUN: Cell<Option<Box<Run>>> = const { Cell::new(None) };
}

/// An encoded frame, or several frames that are written together. Clones share the bytes.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// The header, followed by the payload.
    Short(Arc<[u8]>),
    /// The header and a shared payload.
    Long(Arc<Long>),
    /// Several frames for one connection.
    Run(Box<Run>),
    /// Several frames for many connections.
    Shared(Arc<Run>),
    /// A message that is compressed when it is written. Where it is not, it is written as its plain frame.
    #[cfg(feature = "deflate")]
    Deferred(Arc<Deferred>),
}

/// A frame that shares the payload of its message.
#[derive(Debug)]
pub(crate) struct Long {
    header: Box<[u8]>,
    payload: UserValue<Bytes>,
}

/// The last frames of a [`Frame`] that is one piece of memory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tail<'f> {
    pub(crate) frame: &'f Frame,
    /// Number of bytes before the tail.
    pub(crate) start: usize,
    /// The size of the tail.
    pub(crate) size: QueueSize,
}

/// Consecutive short frames. One piece of memory costs less than many.
#[derive(Clone, Debug, Default)]
pub(crate) struct Run {
    bytes: Vec<u8>,
    frames: usize,
}

impl Frame {
    pub(crate) fn message(message: &Message) -> Self {
        match message {
            Message::Text(text) => Self::encode(TEXT, text.as_shared()),
            Message::Binary(bytes) => Self::encode(BINARY, bytes),
        }
    }

    /// Starts a run with `reply`. Other messages can join it. A long message becomes a single frame.
    pub(crate) fn run(reply: &impl Reply) -> Self {
        if reply.length() > COPIED_PAYLOAD {
            return Self::message(&reply.to_message());
        }
        let mut run = SPARE_RUN.take().unwrap_or_default();
        run.push(reply);
        Self::Run(run)
    }

    /// Appends `reply` to this frame. Returns the number of bytes added, or `None` if it is not appended:
    /// one of the two is too long, or other connections share this frame.
    #[inline]
    pub(crate) fn join(&mut self, reply: &impl Reply) -> Option<usize> {
        if reply.length() > COPIED_PAYLOAD || self.len() > LONG_RUN {
            return None;
        }
        if let Self::Short(bytes) = self
            && Arc::get_mut(bytes).is_some()
        {
            let bytes = bytes.to_vec();
            *self = Self::Run(Box::new(Run { bytes, frames: 1 }));
        }
        let Self::Run(run) = self else { return None };
        let before = run.bytes.len();
        run.push(reply);
        Some(run.bytes.len() - before)
    }

    /// Copies frames together for many connections. Returns `None` if they are too long, or not ready.
    pub(crate) fn gather<'f>(frames: impl Iterator<Item = &'f Self> + Clone) -> Option<Self> {
        let length = frames.clone().map(Self::len).sum();
        if length > GATHERED || frames.clone().any(Self::is_deferred) {
            return None;
        }
        let mut run = Run {
            bytes: Vec::with_capacity(length),
            frames: 0,
        };
        for frame in frames {
            frame
                .pieces()
                .iter()
                .for_each(|piece| run.bytes.extend_from_slice(piece));
            run.frames += frame.count();
        }
        Some(Self::Shared(Arc::new(run)))
    }

    pub(crate) fn ping() -> Self {
        Self::encode(PING, &Bytes::new())
    }

    pub(crate) fn pong(payload: &Bytes) -> Self {
        Self::encode(PONG, payload)
    }

    pub(crate) fn close(frame: &CloseFrame) -> Self {
        let mut payload = BytesMut::with_capacity(2 + frame.reason().len());
        payload.put_u16(frame.code());
        payload.put_slice(frame.reason().as_bytes());
        Self::encode(CLOSE, &payload.freeze())
    }

    fn encode(opcode: u8, payload: &Bytes) -> Self {
        SCRATCH.with_borrow_mut(|scratch| {
            scratch.clear();
            put_header(scratch, opcode, payload.len());
            if payload.len() > COPIED_PAYLOAD {
                return Self::Long(Arc::new(Long {
                    header: scratch.as_slice().into(),
                    payload: payload.clone().into(),
                }));
            }
            scratch.extend_from_slice(payload);
            Self::Short(scratch.as_slice().into())
        })
    }

    /// Keeps the memory of a written run for the thread's next run, unless it is large.
    pub(crate) fn recycle(self) {
        if let Self::Run(mut run) = self
            && run.bytes.capacity() <= LONG_RUN
        {
            run.bytes.clear();
            run.frames = 0;
            SPARE_RUN.set(Some(run));
        }
    }

    /// Returns the size on the wire, in bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Short(bytes) => bytes.len(),
            Self::Long(long) => long.header.len() + long.payload.len(),
            Self::Run(run) => run.bytes.len(),
            Self::Shared(run) => run.bytes.len(),
            #[cfg(feature = "deflate")]
            Self::Deferred(deferred) => deferred.len(),
        }
    }

    /// Returns the number of frames.
    #[inline]
    pub(crate) fn count(&self) -> usize {
        match self {
            Self::Short(_) | Self::Long(_) => 1,
            Self::Run(run) => run.frames,
            Self::Shared(run) => run.frames,
            #[cfg(feature = "deflate")]
            Self::Deferred(_) => 1,
        }
    }

    /// Returns the bytes to write, in order. The second piece may be empty.
    #[inline]
    pub(crate) fn pieces(&self) -> [&[u8]; 2] {
        match self {
            Self::Short(bytes) => [bytes, &[]],
            Self::Long(long) => [&long.header, &long.payload],
            Self::Run(run) => [&run.bytes, &[]],
            Self::Shared(run) => [&run.bytes, &[]],
            #[cfg(feature = "deflate")]
            Self::Deferred(deferred) => deferred.pieces(),
        }
    }

    /// Returns `true` if the frame is ready to be written in one piece.
    pub(crate) fn is_one_piece(&self) -> bool {
        self.pieces()[1].is_empty() && !self.is_deferred()
    }

    /// Returns `true` if the message is compressed when it is written.
    #[cfg(feature = "deflate")]
    pub(crate) const fn is_deferred(&self) -> bool {
        matches!(self, Self::Deferred(_))
    }

    #[cfg(not(feature = "deflate"))]
    #[expect(clippy::unused_self, reason = "no message is without the feature")]
    const fn is_deferred(&self) -> bool {
        false
    }
}

impl<'f> Tail<'f> {
    #[inline]
    pub(crate) fn bytes(self) -> &'f [u8] {
        &self.frame.pieces()[0][self.start..]
    }
}

impl Run {
    #[inline]
    fn push(&mut self, reply: &impl Reply) {
        let opcode = if reply.is_text() { TEXT } else { BINARY };
        put_header(&mut self.bytes, opcode, reply.length());
        for part in reply.parts().as_ref() {
            self.bytes.extend_from_slice(part);
        }
        self.frames += 1;
    }
}

/// Decodes the messages of a server's encoded frames.
#[cfg(feature = "test-util")]
pub(crate) fn messages(mut frames: &[u8]) -> Vec<Message> {
    fn take<'b>(bytes: &mut &'b [u8], count: usize) -> &'b [u8] {
        bytes.split_off(..count).unwrap_or_default()
    }

    let mut messages = Vec::new();
    while let [first, length, rest @ ..] = frames {
        frames = rest;
        let extended = match length {
            126 => take(&mut frames, 2),
            127 => take(&mut frames, 8),
            _ => &[],
        };
        let long = extended.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        let length = if extended.is_empty() {
            usize::from(*length)
        } else {
            long
        };
        let payload = Bytes::copy_from_slice(take(&mut frames, length));
        match *first & 0x0F {
            TEXT => messages.extend(std::str::from_utf8(&payload).map(Message::from)),
            BINARY => messages.push(Message::from(payload)),
            _ => {}
        }
    }
    messages
}

/// The size of some frames.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct QueueSize {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

impl QueueSize {
    pub(crate) fn add(&mut self, frame: &Frame) {
        self.append(Self::of(frame));
    }

    pub(crate) fn append(&mut self, other: Self) {
        self.messages += other.messages;
        self.bytes += other.bytes;
    }

    pub(crate) fn remove(&mut self, other: Self) {
        self.messages -= other.messages;
        self.bytes -= other.bytes;
    }

    pub(crate) fn of(frame: &Frame) -> Self {
        Self {
            messages: frame.count(),
            bytes: frame.len(),
        }
    }
}

/// Appends a header. The length takes one, three or nine bytes (RFC 6455 section 5.2).
#[inline]
pub(super) fn put_header(head: &mut Vec<u8>, opcode: u8, length: usize) {
    let first = FIN | opcode;
    if let Ok(short @ 0..=125) = u8::try_from(length) {
        head.extend_from_slice(&[first, short]);
    } else if let Ok(medium) = u16::try_from(length) {
        head.extend_from_slice(&[first, 126]);
        head.put_u16(medium);
    } else {
        head.extend_from_slice(&[first, 127]);
        head.put_u64(length as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(length: usize) -> Vec<u8> {
        let message = Message::from(vec![b'x'; length]);
        Frame::message(&message).pieces().concat()
    }

    #[test]
    fn length_field_grows_at_the_edges_of_rfc_6455() {
        for (length, header) in [
            (0, vec![0x82, 0]),
            (125, vec![0x82, 125]),
            (126, vec![0x82, 126, 0, 126]),
            (65_535, vec![0x82, 126, 0xff, 0xff]),
            (65_536, vec![0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let bytes = encoded(length);
            assert_eq!(bytes[..header.len()], header, "header for {length} bytes");
            assert_eq!(bytes.len(), header.len() + length, "frame for {length} bytes");
        }
    }

    #[test]
    fn joined_frames_are_the_same_bytes_as_one_by_one() {
        let messages = [Message::from("a"), Message::from(vec![0; 200]), Message::from("")];
        let mut run = Frame::message(&messages[0]);
        for message in &messages[1..] {
            let bytes = run.join(message);
            assert_eq!(bytes, Some(Frame::message(message).len()));
        }
        let one_by_one: Vec<u8> = messages
            .iter()
            .flat_map(|message| Frame::message(message).pieces().concat())
            .collect();
        assert_eq!(run.pieces().concat(), one_by_one);
        assert_eq!((run.count(), run.len()), (3, one_by_one.len()));
    }

    #[test]
    fn frame_that_others_get_too_is_not_joined() {
        let mut frame = Frame::message(&Message::from("to all"));
        let others = frame.clone();
        assert_eq!(frame.join(&Message::from("to one")), None);
        assert_eq!(frame.pieces(), others.pieces());
    }

    #[test]
    fn run_is_not_made_longer_than_it_may_be() {
        let message = Message::from(vec![0; COPIED_PAYLOAD]);
        let mut run = Frame::message(&message);
        while run.join(&message).is_some() {}
        assert!(
            (LONG_RUN..LONG_RUN + 2 * COPIED_PAYLOAD).contains(&run.len()),
            "{}",
            run.len()
        );
        assert_eq!(run.join(&Message::from("")), None);
    }

    #[test]
    fn long_payload_is_shared_and_a_short_one_copied() {
        let encode = |length| Frame::encode(BINARY, &vec![0; length].into());
        assert!(matches!(encode(COPIED_PAYLOAD), Frame::Short(_)));
        assert!(matches!(encode(COPIED_PAYLOAD + 1), Frame::Long(_)));
    }
}
