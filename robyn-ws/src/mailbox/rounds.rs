//! The mailbox as broadcasts see it: what is put off for a connection, and handed to it by its courier.
//!
//! A broadcast that is put off counts as queued, so it must find room whatever happens meanwhile. A quarter of the bounds is
//! for what a connection has queued, and the rest for what is put off. Whoever needs more than its quarter is sent
//! broadcasts at once, until it has taken everything: then its queue decides, as for any other message.

use std::{mem::replace, task::Poll};

use crate::{
    mailbox::{
        Mailbox,
        batch::Batch,
        state::{Exit, Gate, Reach, State},
        summon,
        writing::Wrote,
    },
    types::{
        id::ConnectionId,
        limits::{Bounds, Overflow},
    },
    util::sync::MutexGuard,
    wire::{
        frame::{Frame, Load},
        writer::Outlet,
    },
};

/// How much can be queued for a connection that rounds reach.
fn own_share(bounds: &Bounds) -> Load {
    Load {
        messages: bounds.outbound_messages / 4,
        bytes: bounds.outbound_bytes / 4,
    }
}

/// How much can be put off.
pub(crate) fn rounds_share(bounds: &Bounds) -> Load {
    let own = own_share(bounds);
    Load {
        messages: bounds.outbound_messages - own.messages,
        bytes: bounds.outbound_bytes - own.bytes,
    }
}

impl Mailbox {
    /// Locks it for a frame of so many bytes. If that would crowd what is put off, `part` is called first, which lets no
    /// round reach the connection any more.
    #[inline]
    pub(super) fn lock_for(&self, bytes: usize, part: impl Fn()) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while self.crowds(&state, bytes) {
            drop(state);
            part();
            state = self.lock();
        }
        state
    }

    /// Tells whether `more` would leave too little room for what is put off.
    #[inline]
    pub(super) fn crowds(&self, state: &State, more: usize) -> bool {
        matches!(state.reach, Reach::ByRounds { .. }) && self.is_over_own_share(state, more)
    }

    #[inline]
    fn is_over_own_share(&self, state: &State, more: usize) -> bool {
        let (own, Load { messages, bytes }) = (own_share(&self.bounds), state.load);
        messages + usize::from(more > 0) > own.messages || bytes + more > own.bytes
    }

    /// Returns the number up to which the connection has everything, if rounds reach it.
    pub(crate) fn seen(&self) -> Option<u64> {
        match self.lock().reach {
            Reach::ByRounds { seen } => Some(seen),
            Reach::AtOnce | Reach::AtOnceToTheEnd => None,
        }
    }

    /// Queues what the connection `id` is still due of `batches`, which are all up to the number `last`. Returns whether
    /// rounds are to reach it no longer.
    pub(crate) fn catch_up<'b>(&self, id: ConnectionId, last: u64, batches: impl Iterator<Item = &'b Batch>) -> bool {
        let mut state = self.lock();
        batches.for_each(|batch| self.take_in(&mut state, id, batch));
        state.has_all_up_to(last);
        self.crowds(&state, 0)
    }

    /// Queues what the connection `id` is still due of `batch`. Returns whether rounds are to reach it no longer.
    pub(crate) fn settle(&self, id: ConnectionId, batch: &Batch) -> bool {
        let mut state = self.lock();
        self.take_in(&mut state, id, batch);
        self.crowds(&state, 0)
    }

    /// Sees to it that what was taken in is written. Gives whether the courier is to be called.
    pub(crate) fn calls_courier(&self) -> bool {
        let state = self.lock();
        !state.queue.is_empty() && summon(state)
    }

    /// Lets rounds reach the connection from the one behind the number `last`, if nothing speaks against it.
    pub(crate) fn join_rounds(&self, last: u64) -> bool {
        let mut state = self.lock();
        let joins = state.gate == Gate::Open && state.reach == Reach::AtOnce && !self.is_over_own_share(&state, 0);
        if joins {
            state.reach = Reach::ByRounds { seen: last };
        }
        joins
    }

    /// Lets no round reach the connection any more, for good if it `ends`. Returns whether rounds have reached it.
    pub(crate) fn leave_rounds(&self, ends: bool) -> bool {
        let mut state = self.lock();
        let reach = if ends { Reach::AtOnceToTheEnd } else { Reach::AtOnce };
        if state.reach == Reach::AtOnceToTheEnd {
            return false;
        }
        matches!(replace(&mut state.reach, reach), Reach::ByRounds { .. })
    }

    /// Writes what the connection `id` is still due of `batch`, behind what is queued. What the socket does not take is
    /// left to the driver.
    pub(crate) fn hand(&self, id: ConnectionId, batch: &Batch, budget: &mut usize) -> Wrote {
        let mut state = self.lock();
        let Some((frame, mut outlet)) = state.take_free_outlet(id, batch) else {
            return self.hand_behind(state, id, batch, budget);
        };
        state.load = batch.load();
        state.has_all_up_to(batch.last());
        drop(state);
        let result = outlet.write_through(frame, batch.load(), budget);
        let mut state = self.lock();
        if !matches!(result, Poll::Ready(Ok(_))) || !outlet.is_clear() || !state.is_done() {
            return self.go_on_writing(state, outlet, &result, budget);
        }
        // Nearly always, this was all.
        state.exit = Exit::Here(outlet);
        state.load = Load::default();
        self.announce(state);
        Wrote::all(batch.load())
    }

    /// As [`Self::hand`], where something is ahead of it.
    #[cold]
    fn hand_behind(
        &self,
        mut state: MutexGuard<'_, State>,
        id: ConnectionId,
        batch: &Batch,
        budget: &mut usize,
    ) -> Wrote {
        self.take_in(&mut state, id, batch);
        if state.queue.is_empty() {
            drop(state);
        } else {
            // Where only the driver can write, it is woken.
            summon(state);
        }
        self.write(None, budget)
    }

    /// Queues what the connection `id` is due of `batch`. There is room for it.
    fn take_in(&self, state: &mut State, id: ConnectionId, batch: &Batch) {
        let Reach::ByRounds { seen } = state.reach else { return };
        if state.gate == Gate::Open {
            match batch.whole_for(id, seen) {
                // A frame that may be dropped to make room for another stays by itself.
                Some(whole) if self.overflow() != Overflow::DropOldest => state.line_up(whole.clone()),
                _ => batch.due(id, seen).for_each(|frame| state.line_up(frame.clone())),
            }
        }
        state.has_all_up_to(batch.last());
    }
}

impl State {
    fn has_all_up_to(&mut self, last: u64) {
        if let Reach::ByRounds { seen } = &mut self.reach {
            *seen = last.max(*seen);
        }
    }

    /// Tells whether nothing has come while the outlet was taken out.
    #[inline]
    fn is_done(&self) -> bool {
        let is_taken = matches!(self.exit, Exit::Taken { driver_waits: false });
        is_taken && self.queue.is_empty() && self.controls.is_empty()
    }

    /// Takes the outlet out to write all of `batch` through it, if nothing is ahead of it.
    #[inline]
    fn take_free_outlet<'b>(&mut self, id: ConnectionId, batch: &'b Batch) -> Option<(&'b Frame, Outlet)> {
        let Reach::ByRounds { seen } = self.reach else {
            return None;
        };
        let is_free = self.gate == Gate::Open && self.load.messages == 0 && self.controls.is_empty();
        if !is_free || !matches!(&self.exit, Exit::Here(outlet) if outlet.is_clear() && outlet.is_shared()) {
            return None;
        }
        let frame = batch.whole_for(id, seen)?;
        match replace(&mut self.exit, Exit::Taken { driver_waits: false }) {
            Exit::Here(outlet) => Some((frame, outlet)),
            exit => {
                self.exit = exit;
                None
            }
        }
    }
}
