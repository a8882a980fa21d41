//! How much one connection may do before other tasks have their turn.

use std::{pin::pin, task::Context};

use tokio::task::yield_now;

use crate::wire::received::Received;

/// What the frames of one turn may cost, whatever their kind: as much as so many control frames or fragments, some 10 µs.
const FRAMES: u32 = 68;

/// What a message costs, for which a handler runs. One more than are usually read ahead fit into a turn.
const MESSAGE: u32 = 4;

/// How many bytes are read in one turn: one full read buffer.
const BYTES: u32 = 256 * 1024;

/// How many bytes are written to one connection before others get their turn.
pub(crate) const BYTES_PER_TURN: usize = 256 * 1024;

/// What is left of a connection's turn.
#[derive(Debug)]
pub(crate) struct Turn {
    frames: u32,
    bytes: u32,
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

    /// Returns `true` if another frame may be decoded.
    pub(crate) const fn has_frames(&self) -> bool {
        self.frames > 0
    }

    pub(crate) const fn spend_frame(&mut self, received: &Received) {
        if matches!(received, Received::Message(_)) {
            self.spend_message();
        } else {
            self.frames = self.frames.saturating_sub(1);
        }
    }

    pub(crate) const fn spend_message(&mut self) {
        self.frames = self.frames.saturating_sub(MESSAGE);
    }

    pub(crate) fn spend_bytes(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(u32::try_from(bytes).unwrap_or(BYTES));
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
