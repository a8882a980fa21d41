//! Decompressing messages (RFC 7692 section 7.2.2), within bounds.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use zlib_rs::{Inflate, InflateFlush, Status};

use crate::wire::{
    deflate::{KEPT_OUTPUT, TAIL},
    received::ReadEnd,
};

/// The window of a decompressor, which suffices for every window of a compressor.
const WINDOW: u8 = 15;

/// The size of the first output, in bytes.
const FIRST_OUTPUT: usize = 4096;

/// Maximum number of final blocks in a message. A message needs none (RFC 7692 section 7.2.3.4), and each takes some time.
const FINAL_BLOCKS: usize = 1024;

/// A final block without content. A stream that takes it as such has no incomplete block.
const LAST_BLOCK: [u8; 2] = [0x03, 0x00];

thread_local! {
    /// The decompressor of the thread. While it is in use it is taken out, so a panic drops it.
    static SPARE: Cell<Option<Box<Inflater>>> = const { Cell::new(None) };
    static OUTPUT: RefCell<Output> = const { RefCell::new(Output::new()) };
}

/// A decompressor.
#[derive(Default)]
pub(crate) struct Inflater(Option<Inflate>);

/// The decompressed bytes of one message.
struct Output {
    bytes: Vec<u8>,
    length: usize,
}

/// How far some input was decompressed.
#[derive(Debug, PartialEq, Eq)]
enum Progress<'i> {
    /// All of it, and the stream goes on.
    All,
    /// The stream has ended, and this input is left.
    End(&'i [u8]),
}

/// Decompresses a message on its own, with the decompressor of the thread, and passes the result to `take`.
pub(crate) fn inflate<T>(payload: &[u8], longest: usize, take: impl FnOnce(&[u8]) -> T) -> Result<T, ReadEnd> {
    if payload.is_empty() {
        return Ok(take(payload));
    }
    let mut inflater = SPARE.take().unwrap_or_default();
    // What a broken message has left behind, on any connection of the thread, ends here.
    inflater.reset();
    let result = with_output(|output| {
        inflater.inflate_into(payload, longest, output)?;
        inflater.expect_complete(output)?;
        Ok(take(output.written()))
    });
    SPARE.set(Some(inflater));
    result
}

impl Inflater {
    /// Decompresses a message that may refer to the messages before it, and passes the result to `take`.
    pub(crate) fn inflate<T>(
        &mut self,
        payload: &[u8],
        longest: usize,
        take: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, ReadEnd> {
        // A compressor that is flushed twice puts out nothing for an empty message.
        if payload.is_empty() {
            return Ok(take(payload));
        }
        with_output(|output| {
            self.inflate_into(payload, longest, output)?;
            Ok(take(output.written()))
        })
    }

    fn reset(&mut self) {
        if let Some(inflate) = &mut self.0 {
            inflate.reset(false);
        }
    }

    fn inflate_into(&mut self, payload: &[u8], longest: usize, output: &mut Output) -> Result<(), ReadEnd> {
        let mut rest = payload;
        let mut final_blocks = 0;
        while let Progress::End(left) = self.run(rest, longest, output)? {
            // A final block does not end the message (RFC 7692 section 7.2.3.5).
            self.reset();
            final_blocks += 1;
            if left.is_empty() {
                return Ok(());
            }
            if final_blocks == FINAL_BLOCKS {
                return Err(ReadEnd::InvalidCompression);
            }
            rest = left;
        }
        let before = output.length;
        // Without the bound: what these few bytes put out is not a message that is too big, but a broken one.
        match self.run(&TAIL, usize::MAX, output)? {
            Progress::All if output.length == before => Ok(()),
            // The bytes were a part of a block that is incomplete.
            _ => Err(ReadEnd::InvalidCompression),
        }
    }

    /// Checks that a stream has no incomplete block. No message can follow.
    fn expect_complete(&mut self, output: &mut Output) -> Result<(), ReadEnd> {
        let before = output.length;
        match self.run(&LAST_BLOCK, usize::MAX, output)? {
            Progress::End([]) if output.length == before => Ok(()),
            _ => Err(ReadEnd::InvalidCompression),
        }
    }

    /// Decompresses `input`, as long as `output` is not longer than `longest`.
    fn run<'i>(&mut self, mut input: &'i [u8], longest: usize, output: &mut Output) -> Result<Progress<'i>, ReadEnd> {
        let inflate = self.0.get_or_insert_with(|| Inflate::new(false, WINDOW));
        loop {
            let room = output.room(longest)?;
            let (read, written) = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress(input, room, InflateFlush::SyncFlush);
            let is_full = advance(written, inflate.total_out()) == room.len();
            output.length += advance(written, inflate.total_out());
            input = &input[advance(read, inflate.total_in())..];
            if output.length > longest {
                return Err(ReadEnd::TooBig);
            }
            match status {
                Ok(Status::StreamEnd) => return Ok(Progress::End(input)),
                // Only a full output can have left something behind.
                Ok(Status::Ok | Status::BufError) if is_full => {}
                Ok(Status::Ok | Status::BufError) if input.is_empty() => return Ok(Progress::All),
                // Also a stream that wants a dictionary, which this format does not have.
                Ok(_) | Err(_) => return Err(ReadEnd::InvalidCompression),
            }
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inflater").finish_non_exhaustive()
    }
}

impl Output {
    const fn new() -> Self {
        Self {
            bytes: Vec::new(),
            length: 0,
        }
    }

    fn written(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    /// Returns room for more. It ends one byte behind `longest`, which shows that the message is longer.
    fn room(&mut self, longest: usize) -> Result<&mut [u8], ReadEnd> {
        let end = longest.saturating_add(1);
        if self.length == self.bytes.len() {
            let more = (self.length * 2).max(FIRST_OUTPUT);
            self.bytes.resize(more.min(end), 0);
        }
        let end = end.min(self.bytes.len());
        self.bytes
            .get_mut(self.length..end)
            .filter(|room| !room.is_empty())
            .ok_or(ReadEnd::TooBig)
    }
}

/// Lends the output of the thread, which is empty.
fn with_output<T>(call: impl FnOnce(&mut Output) -> T) -> T {
    OUTPUT.with_borrow_mut(|output| {
        output.length = 0;
        let result = call(output);
        if output.bytes.len() > KEPT_OUTPUT {
            *output = Output::new();
        }
        result
    })
}

/// Returns the growth of a counter, which is at most the length of a slice.
fn advance(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shared(payload: &[u8], longest: usize) -> Result<Vec<u8>, ReadEnd> {
        inflate(payload, longest, <[u8]>::to_vec)
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
        let mut inflater = Inflater::default();
        for example in [&HELLO[..], &HELLO_AGAIN, &HELLO_FINAL, &HELLO] {
            let result = inflater.inflate(example, 5, <[u8]>::to_vec);
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
        let mut inflater = Inflater::default();
        for (payload, expected) in [(&HELLO[..], &b"Hello"[..]), (&[], b""), (&HELLO_AGAIN, b"Hello")] {
            let result = inflater.inflate(payload, 5, <[u8]>::to_vec);
            assert_eq!(result.as_deref(), Ok(expected));
        }
    }

    #[test]
    fn incomplete_message_at_its_bound_is_broken_and_not_too_big() {
        // Zeros, in a block without an end: the bytes that the sender leaves out would be some of them.
        let zeros = [
            0xec, 0xc1, 0x31, 0x01, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xf5, 0x4f, 0x6d, 0x0d, 0x0f, 0xa0, 0x00, 0x00,
        ];
        let mut inflater = Inflater::default();
        let within = with_output(|output| inflater.run(&zeros, usize::MAX, output).map(|_| output.length));
        let within = within.expect("the block has begun");
        assert!(within > 0);
        assert_eq!(shared(&zeros, within), Err(ReadEnd::InvalidCompression));
        assert_eq!(shared(&zeros, within - 1), Err(ReadEnd::TooBig));
    }

    #[test]
    fn thread_keeps_no_large_output() {
        let mut zeros = vec![0; 1 << 20];
        let (mut deflate, plain) = (zlib_rs::Deflate::new(1, false, WINDOW), zeros.clone());
        let status = deflate.compress(&plain, &mut zeros, zlib_rs::DeflateFlush::SyncFlush);
        assert_eq!(status, Ok(Status::Ok));
        zeros.truncate(advance(0, deflate.total_out()) - TAIL.len());
        assert_eq!(shared(&zeros, 1 << 20).map(|zeros| zeros.len()), Ok(1 << 20));
        OUTPUT.with_borrow(|output| assert!(output.bytes.len() <= KEPT_OUTPUT));
    }
}
