//! The order of the keyed broadcasts of an endpoint.
//!
//! They are queued one after the other, so that the last of several publishers is the last for all recipients. A frame
//! that waits for room has a ticket, which a newer frame of its key takes away.

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
    tickets: Mutex<Tickets>,
}

/// The newest frame that waits for room, for each recipient and key.
#[derive(Debug, Default)]
struct Tickets {
    newest: HashMap<(ConnectionId, Key), u64, IdHash>,
    /// The number of the last ticket.
    last: u64,
}

/// The turn of one broadcast.
#[derive(Debug)]
pub(super) struct Turn<'o> {
    order: &'o KeyedOrder,
    tickets: MutexGuard<'o, Tickets>,
}

/// The right of a frame to be queued later, unless a newer one of its key comes first.
#[derive(Debug)]
pub(super) struct Ticket<'o> {
    order: &'o KeyedOrder,
    live: Arc<Live>,
    key: Key,
    number: u64,
}

impl KeyedOrder {
    pub(super) fn key(&self, name: &str) -> Key {
        self.seeds.key(name)
    }

    /// Waits for the end of other broadcasts' turns. No user code runs in a turn.
    pub(super) fn turn(&self) -> Turn<'_> {
        Turn {
            order: self,
            tickets: self.tickets.lock(),
        }
    }
}

impl<'o> Turn<'o> {
    /// Queues a frame, as [`Mailbox::push_keyed`](crate::mailbox::Mailbox::push_keyed).
    pub(super) fn push(
        &mut self,
        live: &Arc<Live>,
        frame: KeyedFrame,
        removed: &mut Removed,
    ) -> Result<Pushed, TryPushError> {
        let key = frame.key;
        let pushed = live.push_keyed(frame, removed)?;
        self.supersede(live.id, key);
        Ok(pushed)
    }

    fn supersede(&mut self, id: ConnectionId, key: Key) {
        if !self.tickets.newest.is_empty() {
            self.tickets.newest.remove(&(id, key));
        }
    }

    /// Lets a frame wait that found no room.
    pub(super) fn wait(&mut self, live: Arc<Live>, key: Key) -> Ticket<'o> {
        self.tickets.last += 1;
        let number = self.tickets.last;
        self.tickets.newest.insert((live.id, key), number);
        Ticket {
            order: self.order,
            live,
            key,
            number,
        }
    }
}

impl Ticket<'_> {
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
        let push = |waits| self.push_in_turn(KeyedFrame::new(self.key, self.live.its_form_of(frame), waits));
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
    fn push_in_turn(&self, frame: KeyedFrame) -> Option<(Result<Pushed, TryPushError>, usize)> {
        let mut removed = Removed::default();
        let mut turn = self.order.turn();
        if !turn.tickets.has(self) {
            return None;
        }
        let pushed = turn.push(&self.live, frame, &mut removed);
        drop(turn);
        Some((pushed, removed.replaced))
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        let mut turn = self.order.turn();
        if turn.tickets.has(self) {
            turn.supersede(self.live.id, self.key);
        }
    }
}

impl Tickets {
    fn has(&self, ticket: &Ticket<'_>) -> bool {
        self.newest.get(&(ticket.live.id, ticket.key)) == Some(&ticket.number)
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
