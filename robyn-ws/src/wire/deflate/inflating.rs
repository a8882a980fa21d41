//! Decompressing one message (RFC 7692 section 7.2.2), within bounds of memory and of work.

use std::{cell::Cell, mem::replace, task::Poll};

use bytes::Bytes;
use zlib_rs::Status;

use crate::{
    types::message::Message,
    wire::{
        decoder::check,
        deflate::{
            Compressed, Inflation, KEPT_OUTPUT,
            inflater::{Inflater, Ran},
        },
        received::ReadEnd,
        turn::Turn,
    },
};

/// The size of the first output, in bytes.
const FIRST_OUTPUT: usize = 4096;

/// Maximum number of compressed bytes per call of the decompressor, which takes up to 15 µs for them.
const MOST_READ: usize = 1024;

/// Maximum number of plain bytes per call of the decompressor.
const MOST_WRITTEN: usize = 16 * 1024;

/// Maximum number of final blocks in a message. A message needs none (RFC 7692 section 7.2.3.4), and each takes some time.
const FINAL_BLOCKS: usize = 1024;

thread_local! {
    /// The memory for the output of the thread's next message.
    static OUTPUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A compressed message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CompressedMessage {
    is_text: bool,
    payload: Bytes,
}

impl CompressedMessage {
    /// Creates the message of a client that has negotiated compression.
    pub(crate) const fn of(_client: &Inflation, is_text: bool, payload: Bytes) -> Self {
        Self { is_text, payload }
    }
}

/// A message that is being decompressed.
#[derive(Debug)]
pub(super) struct Inflating {
    message: CompressedMessage,
    /// Number of compressed bytes read.
    read: usize,
    inflater: Box<Inflater>,
    output: Output,
    /// Whether the last call has filled its room, so that it may have left something behind.
    has_filled: bool,
    /// Whether the last call has neither read nor written.
    has_paused: bool,
    final_blocks: usize,
    /// Whether a final block is the end of the message.
    has_ended: bool,
}

impl Inflating {
    pub(super) fn new(message: CompressedMessage, inflater: Box<Inflater>) -> Self {
        Self {
            message,
            read: 0,
            inflater,
            output: Output::take(),
            has_filled: false,
            has_paused: false,
            final_blocks: 0,
            has_ended: false,
        }
    }

    /// Decompresses the message, as long as it is not longer than `longest`. Pending means that the turn is spent.
    pub(super) fn poll(&mut self, longest: usize, turn: &mut Turn) -> Poll<Result<(), ReadEnd>> {
        // A compressor that is flushed twice puts out nothing for an empty message.
        let is_empty = self.message.payload.is_empty();
        while self.is_incomplete() {
            if !turn.has_frames() {
                return Poll::Pending;
            }
            self.step(longest, turn)?;
        }
        Poll::Ready(if is_empty || self.has_ended {
            Ok(())
        } else {
            self.inflater.end()
        })
    }

    fn is_incomplete(&self) -> bool {
        self.read < self.message.payload.len() || self.has_filled
    }

    /// Decompresses a part of the message, and pays for it with the turn.
    fn step(&mut self, longest: usize, turn: &mut Turn) -> Result<(), ReadEnd> {
        let input = &self.message.payload[self.read..];
        let input = &input[..input.len().min(MOST_READ)];
        let room = self.output.room(longest)?;
        let most = room.len();
        let Ran { read, written, status } = self.inflater.run(input, room);
        turn.spend_decompressed(read, written);
        self.read += read;
        self.output.length += written;
        if self.output.length > longest {
            return Err(ReadEnd::TooBig);
        }
        self.has_filled = written == most;
        // The end of a block may be read already when the call before ends.
        let had_paused = replace(&mut self.has_paused, read + written == 0);
        match status {
            Ok(Status::StreamEnd) => self.go_on_behind_final_block(),
            Ok(_) if !(had_paused && self.has_paused) => Ok(()),
            // Also a stream that wants a dictionary, which this format does not have.
            Ok(_) | Err(_) => Err(ReadEnd::InvalidCompression),
        }
    }

    /// More may follow a final block (RFC 7692 section 7.2.3.5).
    fn go_on_behind_final_block(&mut self) -> Result<(), ReadEnd> {
        self.inflater.forget();
        (self.has_filled, self.has_paused) = (false, false);
        self.final_blocks += 1;
        self.has_ended = self.read == self.message.payload.len();
        if self.final_blocks == FINAL_BLOCKS && !self.has_ended {
            return Err(ReadEnd::InvalidCompression);
        }
        Ok(())
    }

    fn plain(&self) -> &[u8] {
        &self.output.bytes[..self.output.length]
    }

    /// Returns the decompressed message, and its sizes.
    pub(super) fn message(&self) -> Result<(Message, Compressed), ReadEnd> {
        let CompressedMessage { is_text, payload } = &self.message;
        let plain = self.plain();
        let sizes = Compressed {
            plain: plain.len(),
            compressed: payload.len(),
        };
        let message = if *is_text { check(plain)?.into() } else { plain.into() };
        Ok((message, sizes))
    }

    /// Returns the decompressor, and the memory for the output to the thread.
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "it moves from the connection back to the thread"
    )]
    pub(super) fn into_inflater(self) -> Box<Inflater> {
        self.output.keep();
        self.inflater
    }
}

/// The decompressed bytes of a message.
#[derive(Debug)]
struct Output {
    bytes: Vec<u8>,
    length: usize,
}

impl Output {
    /// Takes the memory of the thread, if it is there.
    fn take() -> Self {
        Self {
            bytes: OUTPUT.take(),
            length: 0,
        }
    }

    /// Keeps the memory for the thread, unless it is large.
    fn keep(self) {
        if self.bytes.len() <= KEPT_OUTPUT {
            OUTPUT.set(self.bytes);
        }
    }

    /// Returns room for more. It ends one byte behind `longest`, which shows that the message is longer.
    fn room(&mut self, longest: usize) -> Result<&mut [u8], ReadEnd> {
        let end = longest.saturating_add(1);
        if self.length == self.bytes.len() {
            let more = (self.length * 2).max(FIRST_OUTPUT);
            self.bytes.resize(more.min(end), 0);
        }
        let end = end.min(self.bytes.len()).min(self.length + MOST_WRITTEN);
        self.bytes
            .get_mut(self.length..end)
            .filter(|room| !room.is_empty())
            .ok_or(ReadEnd::TooBig)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::deflate::TAIL;

    /// A final block without content.
    const LAST_BLOCK: [u8; 2] = [0x03, 0x00];

    fn compressed(payload: &[u8]) -> CompressedMessage {
        CompressedMessage::of(&Inflation::default(), false, payload.to_vec().into())
    }

    fn shared(payload: &[u8], longest: usize) -> Result<Vec<u8>, ReadEnd> {
        Inflation::default().inflate(payload, longest)
    }

    /// The examples of RFC 7692 section 7.2.3.
    const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    const HELLO_AGAIN: [u8; 5] = [0xf2, 0x00, 0x11, 0x00, 0x00];
    const HELLO_STORED: [u8; 11] = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    const HELLO_FINAL: [u8; 8] = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    const HELLO_IN_TWO: [u8; 13] = [
        0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00,
    ];

    #[test]
    fn examples_of_rfc_7692_are_decompressed() {
        for example in [&HELLO[..], &HELLO_STORED, &HELLO_FINAL, &HELLO_IN_TWO] {
            assert_eq!(shared(example, 5).as_deref(), Ok(&b"Hello"[..]), "{example:x?}");
        }
        let mut inflater = Inflation::with_context();
        for example in [&HELLO[..], &HELLO_AGAIN, &HELLO_FINAL, &HELLO] {
            let result = inflater.inflate(example, 5);
            assert_eq!(result.as_deref(), Ok(&b"Hello"[..]), "{example:x?}");
        }
    }

    #[test]
    fn more_may_follow_a_final_block() {
        let twice = [&HELLO_FINAL[..7], &HELLO].concat();
        assert_eq!(shared(&twice, 10).as_deref(), Ok(&b"HelloHello"[..]));
        let garbage = [&HELLO_FINAL[..7], &[0xff; 9]].concat();
        assert_eq!(shared(&garbage, 100), Err(ReadEnd::InvalidCompression));
        // Without the empty block that the RFC wants.
        assert_eq!(shared(&HELLO_FINAL[..7], 100).as_deref(), Ok(&b"Hello"[..]));
        let endless = LAST_BLOCK.repeat(FINAL_BLOCKS + 1);
        assert_eq!(shared(&endless, 100), Err(ReadEnd::InvalidCompression));
    }

    #[test]
    fn final_block_that_fills_the_room_can_be_the_end() {
        for length in [FIRST_OUTPUT, MOST_WRITTEN] {
            let size = u16::try_from(length).expect("a stored block").to_le_bytes();
            let header = [1, size[0], size[1], !size[0], !size[1]];
            let stored = [&header[..], &vec![7; length]].concat();
            for payload in [stored.clone(), [&stored[..], &[0]].concat()] {
                assert_eq!(shared(&payload, length), Ok(vec![7; length]), "{length} bytes");
            }
        }
    }

    #[test]
    fn message_ends_at_its_bound_while_it_is_decompressed() {
        assert_eq!(shared(&HELLO, 5).as_deref(), Ok(&b"Hello"[..]));
        assert_eq!(shared(&HELLO, 4), Err(ReadEnd::TooBig));
        assert_eq!(shared(&[0x00], 0).as_deref(), Ok(&b""[..]));
        assert_eq!(shared(&HELLO, 0), Err(ReadEnd::TooBig));
    }

    #[test]
    fn broken_message_leaves_nothing_behind_for_the_next() {
        let broken: [&[u8]; 7] = [
            &HELLO[..1],
            &HELLO[..3],
            &HELLO_STORED[..7],
            &HELLO_IN_TWO[..9],
            &[0x07],
            &[0xff; 100],
            &HELLO_AGAIN,
        ];
        for broken in broken {
            assert_eq!(shared(broken, 100), Err(ReadEnd::InvalidCompression), "{broken:x?}");
            assert_eq!(shared(&HELLO, 100).as_deref(), Ok(&b"Hello"[..]), "after {broken:x?}");
        }
        assert_eq!(shared(&HELLO, 2), Err(ReadEnd::TooBig));
        assert_eq!(shared(&HELLO, 100).as_deref(), Ok(&b"Hello"[..]));
    }

    #[test]
    fn empty_message_may_be_compressed_to_nothing() {
        assert_eq!(shared(&[], 0).as_deref(), Ok(&b""[..]));
        let mut inflater = Inflation::with_context();
        for (payload, expected) in [(&HELLO[..], &b"Hello"[..]), (&[], b""), (&HELLO_AGAIN, b"Hello")] {
            let result = inflater.inflate(payload, 5);
            assert_eq!(result.as_deref(), Ok(expected));
        }
    }

    #[test]
    fn incomplete_message_at_its_bound_is_broken_and_not_too_big() {
        // Zeros, in a block without an end: the bytes that the sender leaves out would be some of them.
        let zeros = [
            0xec, 0xc1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x0d, 0x0f, 0xa0, 0x00, 0x00,
        ];
        let mut inflating = Inflating::new(compressed(&zeros), Box::default());
        let status = inflating.step(usize::MAX, &mut Turn::new());
        assert_eq!(status, Ok(()), "the block has begun");
        let within = inflating.plain().len();
        assert!(within > 0);
        assert_eq!(shared(&zeros, within), Err(ReadEnd::InvalidCompression));
        assert_eq!(shared(&zeros, within - 1), Err(ReadEnd::TooBig));
    }

    #[test]
    fn thread_keeps_no_large_output() {
        let mut zeros = vec![0; 1 << 20];
        let (mut deflate, plain) = (zlib_rs::Deflate::new(1, false, 15), zeros.clone());
        let status = deflate.compress(&plain, &mut zeros, zlib_rs::DeflateFlush::SyncFlush);
        assert_eq!(status, Ok(Status::Ok));
        let compressed = usize::try_from(deflate.total_out()).expect("it fits into memory");
        zeros.truncate(compressed - TAIL.len());
        assert_eq!(shared(&zeros, 1 << 20).map(|zeros| zeros.len()), Ok(1 << 20));
        assert!(OUTPUT.take().len() <= KEPT_OUTPUT);
    }
}
