//! The decompressors of threads and of connections.

use std::{cell::Cell, fmt};

use zlib_rs::{Inflate, InflateError, InflateFlush, Status};

use crate::wire::received::ReadEnd;

/// The window of a decompressor, which suffices for every window of a compressor.
const WINDOW: u8 = 15;

/// The end that the sender of a message leaves out (RFC 7692 section 7.2.1), and an empty block behind it.
const END: [u8; 4 + EMPTY_BLOCK.len()] = [0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff];

/// A stored block without content.
const EMPTY_BLOCK: [u8; 5] = [0x00, 0x00, 0x00, 0xff, 0xff];

thread_local! {
    /// The decompressor of the thread. While it is in use it is taken out, so a panic drops it.
    static SPARE: Cell<Option<Box<Inflater>>> = const { Cell::new(None) };
}

/// A decompressor.
#[derive(Default)]
pub(super) struct Inflater(Option<Inflate>);

/// What a call of the decompressor has done.
#[derive(Debug)]
pub(super) struct Ran {
    /// Number of compressed bytes read.
    pub(super) read: usize,
    /// Number of plain bytes written.
    pub(super) written: usize,
    pub(super) status: Result<Status, InflateError>,
}

impl Inflater {
    /// Returns the decompressor of the thread, or a new one. It knows nothing of the messages before: what a broken one has
    /// left behind, on any connection of the thread, ends here.
    #[expect(
        clippy::unnecessary_box_returns,
        reason = "it moves from the thread to a connection and back"
    )]
    pub(super) fn take_spare() -> Box<Self> {
        let mut spare = SPARE.take().unwrap_or_default();
        spare.forget();
        spare
    }

    /// Keeps the decompressor for the thread.
    pub(super) fn keep(self: Box<Self>) {
        SPARE.set(Some(self));
    }

    /// Forgets the stream, so that nothing refers to it.
    pub(super) fn forget(&mut self) {
        if let Some(inflate) = &mut self.0 {
            inflate.reset(false);
        }
    }

    /// Decompresses `input` into `room`, up to the end of a block.
    pub(super) fn run(&mut self, input: &[u8], room: &mut [u8]) -> Ran {
        self.run_until(InflateFlush::Block, input, room)
    }

    /// Adds the end that the sender of a message leaves out. It must be the end of a block.
    pub(super) fn end(&mut self) -> Result<(), ReadEnd> {
        let invalid = Err(ReadEnd::InvalidCompression);
        let room = &mut [0];
        let Ran { read, written, status } = self.run(&END, room);
        match (read, written, status) {
            // The last block of the message was a final one.
            (0, 0, Ok(Status::StreamEnd)) => {
                self.forget();
                return Ok(());
            }
            (4, 0, Ok(Status::Ok)) => {}
            _ => return invalid,
        }
        // If bits were left of the last byte, this is not an empty block.
        let Ran { read, written, status } = self.run_until(InflateFlush::SyncFlush, &EMPTY_BLOCK, room);
        if (read, written, status) == (EMPTY_BLOCK.len(), 0, Ok(Status::Ok)) {
            Ok(())
        } else {
            invalid
        }
    }

    fn run_until(&mut self, end: InflateFlush, input: &[u8], room: &mut [u8]) -> Ran {
        let inflate = self.0.get_or_insert_with(|| Inflate::new(false, WINDOW));
        let (read, written) = (inflate.total_in(), inflate.total_out());
        let status = inflate.decompress(input, room, end);
        Ran {
            read: advance(read, inflate.total_in()),
            written: advance(written, inflate.total_out()),
            status,
        }
    }
}

impl fmt::Debug for Inflater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Inflater").finish_non_exhaustive()
    }
}

/// Returns the growth of a counter, which is at most the length of a slice.
fn advance(before: u64, after: u64) -> usize {
    usize::try_from(after - before).unwrap_or(usize::MAX)
}
