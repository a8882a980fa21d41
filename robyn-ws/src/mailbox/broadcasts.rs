//! The broadcast side of a mailbox: deferred frames, and the batches that a flusher writes.
//!
//! A deferred broadcast counts as queued, so it must have room, whatever else is queued meanwhile. A quarter of the
//! bounds is for the connection's own queue, and the rest is for deferred frames. A connection that needs more than its
//! quarter switches to direct mode until its queue is empty. In direct mode, the overflow policy applies to broadcasts
//! as to any other message.

use std::{mem::replace, task::Poll};

use crate::{
    mailbox::{
        Mailbox,
        shared_frames::SharedFrames,
        state::{BroadcastMode, Gate, State, WriterSlot},
        wake_writer,
        writing::Wrote,
    },
    types::{
        id::ConnectionId,
        limits::{Bounds, Overflow},
    },
    util::sync::MutexGuard,
    wire::{
        deflate::Form,
        frame::{QueueSize, Tail},
        writer::FrameWriter,
    },
};

/// Returns the maximum size of the queue of a connection in batched mode.
fn own_share(bounds: &Bounds) -> QueueSize {
    QueueSize {
        messages: bounds.max_outbound_messages / 4,
        bytes: bounds.max_outbound_bytes / 4,
    }
}

/// Returns the maximum size of the deferred frames.
pub(crate) fn batched_share(bounds: &Bounds) -> QueueSize {
    let own = own_share(bounds);
    QueueSize {
        messages: bounds.max_outbound_messages - own.messages,
        bytes: bounds.max_outbound_bytes - own.bytes,
    }
}

impl Mailbox {
    /// Locks the state to queue a frame of `bytes`. If the queue would exceed its share, calls `stop_batching` first,
    /// which switches the connection to direct mode.
    #[inline]
    pub(super) fn lock_for(&self, bytes: usize, stop_batching: impl Fn()) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while self.must_stop_batching(&state, bytes) {
            drop(state);
            stop_batching();
            state = self.lock();
        }
        state
    }

    /// Returns `true` if `more` bytes would leave too little room for deferred frames.
    #[inline]
    pub(super) fn must_stop_batching(&self, state: &State, more: usize) -> bool {
        matches!(state.mode, BroadcastMode::Batched { .. }) && self.is_over_own_share(state, more)
    }

    #[inline]
    fn is_over_own_share(&self, state: &State, more: usize) -> bool {
        let (own, QueueSize { messages, bytes }) = (own_share(&self.bounds), state.size);
        messages + usize::from(more > 0) > own.messages || bytes + more > own.bytes
    }

    /// Returns the number of the last frame that the connection has, in batched mode.
    pub(crate) fn seen(&self) -> Option<u64> {
        match self.lock().mode {
            BroadcastMode::Batched { seen } => Some(seen),
            BroadcastMode::Direct | BroadcastMode::DirectUntilClosed => None,
        }
    }

    /// Queues the frames of `all_shared` that the connection `id` does not have yet. `all_shared` is complete up to the
    /// number `last`. Returns `true` if the connection must stop batching.
    pub(crate) fn catch_up<'b>(
        &self,
        id: ConnectionId,
        last: u64,
        all_shared: impl Iterator<Item = &'b SharedFrames>,
    ) -> bool {
        let mut state = self.lock();
        all_shared.for_each(|shared| self.queue_shared(&mut state, id, shared));
        state.mark_seen(last);
        self.must_stop_batching(&state, 0)
    }

    /// Queues the frames of `shared` that the connection `id` does not have yet. Returns `true` if the connection must
    /// stop batching.
    pub(crate) fn queue_batch(&self, id: ConnectionId, shared: &SharedFrames) -> bool {
        let mut state = self.lock();
        self.queue_shared(&mut state, id, shared);
        self.must_stop_batching(&state, 0)
    }

    /// Ensures that queued frames are written. Returns `true` if the caller must schedule the flusher.
    pub(crate) fn needs_flusher(&self) -> bool {
        let state = self.lock();
        !state.queue.is_empty() && wake_writer(state)
    }

    /// Switches to batched mode, from the frame after the number `last` on. Returns `false` if the connection is not
    /// open, is closing, or has too many queued frames.
    pub(crate) fn start_batching(&self, last: u64) -> bool {
        let mut state = self.lock();
        let joins =
            state.gate == Gate::Open && state.mode == BroadcastMode::Direct && !self.is_over_own_share(&state, 0);
        if joins {
            state.mode = BroadcastMode::Batched { seen: last };
        }
        joins
    }

    /// Switches to direct mode, for good if the connection `ends`. Returns `true` if it was in batched mode.
    pub(crate) fn stop_batching(&self, ends: bool) -> bool {
        let mut state = self.lock();
        let direct = if ends {
            BroadcastMode::DirectUntilClosed
        } else {
            BroadcastMode::Direct
        };
        if state.mode == BroadcastMode::DirectUntilClosed {
            return false;
        }
        matches!(replace(&mut state.mode, direct), BroadcastMode::Batched { .. })
    }

    /// Writes the frames of `shared` that the connection `id` does not have yet, after the queued frames. The driver
    /// writes the bytes that the socket does not take.
    pub(crate) fn write_batch(&self, id: ConnectionId, shared: &SharedFrames, budget: &mut usize) -> Wrote {
        let mut state = self.lock();
        let Some((tail, mut writer)) = state.take_free_writer(id, self.form, shared) else {
            return self.write_batch_behind(state, id, shared, budget);
        };
        state.size = tail.size;
        state.mark_seen(shared.last());
        drop(state);
        let result = writer.write_through(tail, budget);
        let mut state = self.lock();
        if !matches!(result, Poll::Ready(Ok(_))) || !writer.is_idle() || !state.is_done() {
            return self.go_on_writing(state, writer, &result, budget);
        }
        // The common case: everything is written.
        state.writer = WriterSlot::Here(writer);
        state.size = QueueSize::default();
        self.unlock_and_notify(state);
        Wrote::all(tail.size)
    }

    /// Like [`Self::write_batch`], behind other frames.
    #[cold]
    fn write_batch_behind(
        &self,
        mut state: MutexGuard<'_, State>,
        id: ConnectionId,
        shared: &SharedFrames,
        budget: &mut usize,
    ) -> Wrote {
        self.queue_shared(&mut state, id, shared);
        if state.queue.is_empty() {
            drop(state);
        } else {
            // If only the driver can write, this wakes it.
            wake_writer(state);
        }
        self.write(None, budget)
    }

    /// Queues the frames of `shared` that the connection `id` does not have yet. There is always room for them.
    fn queue_shared(&self, state: &mut State, id: ConnectionId, shared: &SharedFrames) {
        let BroadcastMode::Batched { seen } = state.mode else {
            return;
        };
        if state.gate == Gate::Open {
            match shared.tail_for(id, self.form, seen) {
                // Under `DropOldest`, frames stay separate, so that each can be dropped.
                Some(Tail { frame, start: 0, .. }) if self.overflow() != Overflow::DropOldest => {
                    state.queue_frame(frame.clone());
                }
                _ => {
                    let due = shared.due(id, self.form, seen);
                    due.for_each(|frame| state.queue_frame(frame.clone()));
                }
            }
        }
        state.mark_seen(shared.last());
    }
}

impl State {
    fn mark_seen(&mut self, last: u64) {
        if let BroadcastMode::Batched { seen } = &mut self.mode {
            *seen = last.max(*seen);
        }
    }

    /// Returns `true` if nothing was queued while the writer was taken out.
    #[inline]
    fn is_done(&self) -> bool {
        let is_taken = matches!(self.writer, WriterSlot::Taken { driver_waits: false });
        is_taken && self.queue.is_empty() && self.controls.is_empty()
    }

    /// Takes the writer out to write all of `shared` that the connection `id` needs, if no frame is ahead of it.
    #[inline]
    fn take_free_writer<'b>(
        &mut self,
        id: ConnectionId,
        form: Form,
        shared: &'b SharedFrames,
    ) -> Option<(Tail<'b>, FrameWriter)> {
        let BroadcastMode::Batched { seen } = self.mode else {
            return None;
        };
        let is_free = self.gate == Gate::Open && self.size.messages == 0 && self.controls.is_empty();
        if !is_free || !matches!(&self.writer, WriterSlot::Here(writer) if writer.is_idle() && writer.is_shared()) {
            return None;
        }
        let tail = shared.tail_for(id, form, seen)?;
        match replace(&mut self.writer, WriterSlot::Taken { driver_waits: false }) {
            WriterSlot::Here(writer) => Some((tail, writer)),
            slot => {
                self.writer = slot;
                None
            }
        }
    }
}
