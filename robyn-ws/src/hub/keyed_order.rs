//! The order of the keyed broadcasts of an endpoint.
//!
//! They are queued one after the other, so that the last of several publishers is the last for all recipients. A frame
//! that waits for room has a sequence number, and gives up when there is a newer one of its key.

use std::{collections::HashMap, sync::Arc};

use crate::{
    hub::live::Live,
    mailbox::{
        Pushed, TryPushError,
        keyed::{KeyedFrame, Removed},
        sender::Sender,
        wait_limit::WaitLimit,
    },
    types::{
        error::SendError,
        id::{ConnectionId, IdHash},
        key::{Key, KeySeeds},
    },
    util::sync::{Mutex, MutexGuard},
    wire::deflate::BroadcastFrame,
};

/// The order of the keyed broadcasts of an endpoint. Its lock is taken before all others.
#[derive(Debug, Default)]
pub(crate) struct KeyedOrder {
    seeds: KeySeeds,
    waiters: Mutex<Waiters>,
}

/// The sequence number of the newest frame that waits for room, for each recipient and key.
#[derive(Debug, Default)]
struct Waiters {
    newest: HashMap<(ConnectionId, Key), u64, IdHash>,
    last: u64,
}

/// The lock of the order, which a broadcast holds while it is queued for all its recipients.
#[derive(Debug)]
pub(super) struct OrderGuard<'o> {
    order: &'o KeyedOrder,
    waiters: MutexGuard<'o, Waiters>,
}

/// A frame that waits for room with one recipient, unless a newer one of its key comes first.
#[derive(Debug)]
pub(super) struct Waiter<'o> {
    order: &'o KeyedOrder,
    live: Arc<Live>,
    key: Key,
    sequence: u64,
}

impl KeyedOrder {
    pub(super) fn key(&self, name: &str) -> Key {
        self.seeds.key(name)
    }

    /// Waits until no other broadcast is being queued. No user code runs under the lock.
    pub(super) fn lock(&self) -> OrderGuard<'_> {
        OrderGuard {
            order: self,
            waiters: self.waiters.lock(),
        }
    }
}

impl<'o> OrderGuard<'o> {
    /// Queues a frame, as [`Mailbox::push_keyed`](crate::mailbox::Mailbox::push_keyed).
    pub(super) fn push(
        &mut self,
        live: &Arc<Live>,
        frame: KeyedFrame,
        removed: &mut Removed,
    ) -> Result<Pushed, TryPushError> {
        let key = frame.key;
        let pushed = live.push_keyed(frame, removed)?;
        self.waiters.remove(live.id, key);
        Ok(pushed)
    }

    /// Lets a frame wait that found no room.
    pub(super) fn wait(&mut self, live: Arc<Live>, key: Key) -> Waiter<'o> {
        self.waiters.last += 1;
        let sequence = self.waiters.last;
        self.waiters.newest.insert((live.id, key), sequence);
        Waiter {
            order: self.order,
            live,
            key,
            sequence,
        }
    }
}

impl Waiter<'_> {
    pub(super) const fn recipient(&self) -> &Arc<Live> {
        &self.live
    }

    /// Queues the `frame` as soon as there is room. Waits at most `Limits::broadcast_timeout`. Returns the number of
    /// replaced messages too, or `None` if a newer frame has come.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, nothing is queued.
    pub(super) async fn push(&self, frame: &BroadcastFrame) -> Option<(Result<Pushed, SendError>, usize)> {
        let mailbox = &self.live.mailbox;
        let limit = WaitLimit::new(self.live.flusher.runtime(), mailbox.bounds().broadcast_timeout);
        let push = |waits| self.push_if_newest(KeyedFrame::new(self.key, self.live.its_form_of(frame), waits));
        let attempt = || match push(true) {
            Some((Err(TryPushError::Full(_)), _)) => None,
            attempted => Some(attempted),
        };
        let in_time = mailbox.wait_for_room(limit, attempt).await;
        let attempted = in_time.unwrap_or_else(|| push(false));
        attempted.map(|(pushed, replaced)| {
            let pushed = pushed.map_err(|error| self.live.refused(&error).after_waiting());
            (pushed, replaced)
        })
    }

    /// Queues a frame, unless a newer one has come. Returns the number of replaced messages too.
    fn push_if_newest(&self, frame: KeyedFrame) -> Option<(Result<Pushed, TryPushError>, usize)> {
        let mut removed = Removed::default();
        let mut order = self.order.lock();
        if !order.waiters.is_newest(self) {
            return None;
        }
        let pushed = order.push(&self.live, frame, &mut removed);
        drop(order);
        Some((pushed, removed.replaced))
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut order = self.order.lock();
        if order.waiters.is_newest(self) {
            order.waiters.remove(self.live.id, self.key);
        }
    }
}

impl Waiters {
    fn is_newest(&self, waiter: &Waiter<'_>) -> bool {
        self.newest.get(&(waiter.live.id, waiter.key)) == Some(&waiter.sequence)
    }

    fn remove(&mut self, id: ConnectionId, key: Key) {
        if !self.newest.is_empty() {
            self.newest.remove(&(id, key));
        }
    }
}

impl Live {
    fn push_keyed(self: &Arc<Self>, frame: KeyedFrame, removed: &mut Removed) -> Result<Pushed, TryPushError> {
        self.flusher.catch_up(self);
        let sender = Sender::to(self.id);
        let pushed = self
            .mailbox
            .push_keyed(frame, sender, removed, || self.stop_batching(false))?;
        self.call_flusher(Ok(pushed));
        Ok(pushed)
    }

    /// Applies the overflow policy to a frame that found no room.
    pub(super) fn refused(&self, error: &TryPushError) -> SendError {
        match error {
            TryPushError::Full(_) => self.mailbox.refuse(Sender::to(self.id)),
            TryPushError::Refused(error) => *error,
        }
    }
}
