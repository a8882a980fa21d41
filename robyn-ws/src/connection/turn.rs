//! How much one connection may do before other tasks have their turn.

use std::{pin::pin, task::Context};

use tokio::task::yield_now;

use crate::hub::live::BYTES_PER_TURN;

/// How many frames are taken in one turn, whatever their kind. So many echoes take some 50 µs.
const FRAMES: usize = 64;

/// How many bytes are read in one turn: one full read buffer.
const BYTES: usize = 64 * 1024;

/// What is left of a connection's turn.
#[derive(Debug)]
pub(crate) struct Turn {
    frames: usize,
    bytes: usize,
    /// How many bytes may still be written.
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

    pub(crate) const fn spend_frame(&mut self) {
        self.frames = self.frames.saturating_sub(1);
    }

    pub(crate) const fn spend_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Ends the turn. The task is woken again when others have had theirs, and the runtime has looked for input: a task
    /// that wakes itself at once would keep the runtime from it.
    pub(crate) fn pass(&mut self, cx: &mut Context<'_>) {
        *self = Self::new();
        if pin!(yield_now()).poll(cx).is_ready() {
            cx.waker().wake_by_ref();
        }
    }
}
