//! The work of a connection per turn. Other tasks run between two turns.

use std::{pin::pin, task::Context};

use tokio::task::yield_now;

use crate::wire::received::Received;

/// Cost of the frames of one turn: that many control frames or fragments, about 10 µs.
const FRAMES: u32 = 68;

/// Cost of a message, which runs a handler. A turn has room for one more message than the default read-ahead.
const MESSAGE: u32 = 4;

/// Number of bytes read per turn: one full read buffer.
const BYTES: u32 = 256 * 1024;

/// Number of bytes written to one connection per turn.
pub(crate) const BYTES_PER_TURN: usize = 256 * 1024;

/// The remaining budget of a connection's turn.
#[derive(Debug)]
pub(crate) struct Turn {
    frames: u32,
    bytes: u32,
    /// Number of bytes that may still be written.
    pub(crate) write: usize,
}

impl Turn {
    pub(crate) const fn new() -> Self {
        Self {
            frames: FRAMES,
            bytes: BYTES,
            write: BYTES_PER_TURN,
        }
    }

    pub(crate) const fn is_spent(&self) -> bool {
        self.frames == 0 || self.bytes == 0 || self.write == 0
    }

    /// Returns `true` if another frame may be decoded.
    pub(crate) const fn has_frames(&self) -> bool {
        self.frames > 0
    }

    pub(crate) const fn spend_frame(&mut self, received: &Received) {
        if matches!(received, Received::Message(_) | Received::Compressed(_)) {
            self.spend_message();
        } else {
            self.frames = self.frames.saturating_sub(1);
        }
    }

    pub(crate) const fn spend_message(&mut self) {
        self.frames = self.frames.saturating_sub(MESSAGE);
    }

    /// Counts a decompressed part of a message, within one block. A block begins with its codes, which take up to 100 ns for
    /// each byte. The bytes behind them take up to 15 ns.
    #[cfg(feature = "deflate")]
    pub(crate) fn spend_decompressed(&mut self, read: usize, written: usize) {
        const CODES: usize = 64;
        let cost = 1 + read.min(CODES) / 8 + read / 32 + written / 2048;
        self.frames = self.frames.saturating_sub(u32::try_from(cost).unwrap_or(FRAMES));
    }

    pub(crate) fn spend_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(u32::try_from(bytes).unwrap_or(BYTES));
    }

    /// Ends the turn. The task is woken after other tasks have run and the runtime has polled for I/O. A task that
    /// wakes itself at once would keep the runtime from polling.
    pub(crate) fn pass(&mut self, cx: &mut Context<'_>) {
        *self = Self::new();
        if pin!(yield_now()).poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}
