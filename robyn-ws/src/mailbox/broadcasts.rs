//! The mailbox as broadcasts see it: what is put off for a connection, and handed to it by its flusher.
//!
//! A broadcast that is put off counts as queued, so it must find room whatever happens meanwhile. A quarter of the bounds is
//! for what a connection has queued, and the rest for what is put off. Whoever needs more than its quarter is sent
//! broadcasts at once, until it has taken everything: then its queue decides, as for any other message.

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
        frame::{Frame, QueueSize},
        writer::FrameWriter,
    },
};

/// How much can be queued for a connection that batches reach.
fn own_share(bounds: &Bounds) -> QueueSize {
    QueueSize {
        messages: bounds.max_outbound_messages / 4,
        bytes: bounds.max_outbound_bytes / 4,
    }
}

/// How much can be put off.
pub(crate) fn batched_share(bounds: &Bounds) -> QueueSize {
    let own = own_share(bounds);
    QueueSize {
        messages: bounds.max_outbound_messages - own.messages,
        bytes: bounds.max_outbound_bytes - own.bytes,
    }
}

impl Mailbox {
    /// Locks it for a frame of so many bytes. If that would crowd what is put off, `part` is called first, which lets no
    /// batch reach the connection any more.
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

    /// Tells whether `more` would leave too little room for what is put off.
    #[inline]
    pub(super) fn must_stop_batching(&self, state: &State, more: usize) -> bool {
        matches!(state.mode, BroadcastMode::Batched { .. }) && self.is_over_own_share(state, more)
    }

    #[inline]
    fn is_over_own_share(&self, state: &State, more: usize) -> bool {
        let (own, QueueSize { messages, bytes }) = (own_share(&self.bounds), state.size);
        messages + usize::from(more > 0) > own.messages || bytes + more > own.bytes
    }

    /// Returns the number up to which the connection has everything, if batches reach it.
    pub(crate) fn seen(&self) -> Option<u64> {
        match self.lock().mode {
            BroadcastMode::Batched { seen } => Some(seen),
            BroadcastMode::Direct | BroadcastMode::DirectUntilClosed => None,
        }
    }

    /// Queues what the connection `id` is still due of `all_shared`, which are all up to the number `last`. Returns whether
    /// batches are to reach it no longer.
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

    /// Queues what the connection `id` is still due of `shared`. Returns whether batches are to reach it no longer.
    pub(crate) fn queue_batch(&self, id: ConnectionId, shared: &SharedFrames) -> bool {
        let mut state = self.lock();
        self.queue_shared(&mut state, id, shared);
        self.must_stop_batching(&state, 0)
    }

    /// Sees to it that what was taken in is written. Gives whether the flusher is to be called.
    pub(crate) fn needs_flusher(&self) -> bool {
        let state = self.lock();
        !state.queue.is_empty() && wake_writer(state)
    }

    /// Lets batches reach the connection from the one behind the number `last`, if nothing speaks against it.
    pub(crate) fn start_batching(&self, last: u64) -> bool {
        let mut state = self.lock();
        let joins =
            state.gate == Gate::Open && state.mode == BroadcastMode::Direct && !self.is_over_own_share(&state, 0);
        if joins {
            state.mode = BroadcastMode::Batched { seen: last };
        }
        joins
    }

    /// Lets no batch reach the connection any more, for good if it `ends`. Returns whether batches have reached it.
    pub(crate) fn stop_batching(&self, ends: bool) -> bool {
        let mut state = self.lock();
        let reach = if ends {
            BroadcastMode::DirectUntilClosed
        } else {
            BroadcastMode::Direct
        };
        if state.mode == BroadcastMode::DirectUntilClosed {
            return false;
        }
        matches!(replace(&mut state.mode, reach), BroadcastMode::Batched { .. })
    }

    /// Writes what the connection `id` is still due of `shared`, behind what is queued. What the socket does not take is
    /// left to the driver.
    pub(crate) fn write_batch(&self, id: ConnectionId, shared: &SharedFrames, budget: &mut usize) -> Wrote {
        let mut state = self.lock();
        let Some((frame, mut writer)) = state.take_free_writer(id, shared) else {
            return self.write_batch_behind(state, id, shared, budget);
        };
        state.size = shared.size();
        state.mark_seen(shared.last());
        drop(state);
        let result = writer.write_through(frame, shared.size(), budget);
        let mut state = self.lock();
        if !matches!(result, Poll::Ready(Ok(_))) || !writer.is_idle() || !state.is_done() {
            return self.go_on_writing(state, writer, &result, budget);
        }
        // Nearly always, this was all.
        state.writer = WriterSlot::Here(writer);
        state.size = QueueSize::default();
        self.unlock_and_notify(state);
        Wrote::all(shared.size())
    }

    /// As [`Self::write_batch`], where something is ahead of it.
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
            // Where only the driver can write, it is woken.
            wake_writer(state);
        }
        self.write(None, budget)
    }

    /// Queues what the connection `id` is due of `shared`. There is room for it.
    fn queue_shared(&self, state: &mut State, id: ConnectionId, shared: &SharedFrames) {
        let BroadcastMode::Batched { seen } = state.mode else {
            return;
        };
        if state.gate == Gate::Open {
            match shared.whole_for(id, seen) {
                // A frame that may be dropped to make room for another stays by itself.
                Some(whole) if self.overflow() != Overflow::DropOldest => state.queue_frame(whole.clone()),
                _ => shared.due(id, seen).for_each(|frame| state.queue_frame(frame.clone())),
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

    /// Tells whether nothing has come while the writer was taken out.
    #[inline]
    fn is_done(&self) -> bool {
        let is_taken = matches!(self.writer, WriterSlot::Taken { driver_waits: false });
        is_taken && self.queue.is_empty() && self.controls.is_empty()
    }

    /// Takes the writer out to write all of `shared` through it, if nothing is ahead of it.
    #[inline]
    fn take_free_writer<'b>(&mut self, id: ConnectionId, shared: &'b SharedFrames) -> Option<(&'b Frame, FrameWriter)> {
        let BroadcastMode::Batched { seen } = self.mode else {
            return None;
        };
        let is_free = self.gate == Gate::Open && self.size.messages == 0 && self.controls.is_empty();
        if !is_free || !matches!(&self.writer, WriterSlot::Here(writer) if writer.is_idle() && writer.is_shared()) {
            return None;
        }
        let frame = shared.whole_for(id, seen)?;
        match replace(&mut self.writer, WriterSlot::Taken { driver_waits: false }) {
            WriterSlot::Here(writer) => Some((frame, writer)),
            slot => {
                self.writer = slot;
                None
            }
        }
    }
}
