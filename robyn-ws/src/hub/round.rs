//! What a courier is to do: the rounds of frames it hands out, and the connections it visits.
//!
//! A broadcast does not touch those it is for. It is put off: its frame joins the last round, or begins one. These hold:
//!
//! 1. What is put off is as good as queued. It always finds room ([`crate::mailbox::rounds`]), and [`Delivery`] counts it.
//! 2. Each connection gets the frames of its rounds once, in the order of their numbers: it remembers the last number it
//!    has. One task hands out the rounds of a courier, one after the other.
//! 3. Whatever is put into a queue in any other way, and whatever ends a connection, comes after what was put off for
//!    it before: that is queued first, for this connection alone.
//! 4. Those whom rounds do not reach are in `at_once`, and are sent broadcasts one by one. Nobody is reached in both ways
//!    or in neither: a connection changes between them, and a frame is put off, only under the lock of the log.
//! 5. A round is dropped when everybody has its frames. If its task ends early, everybody's are queued for the drivers.
//!
//! [`Delivery`]: crate::Delivery

use std::{
    collections::{HashSet, VecDeque},
    mem::take,
    sync::Arc,
};

use crate::{
    hub::{
        group::{Group, Share},
        live::Live,
    },
    mailbox::batch::Batch,
    types::id::ConnectionId,
    wire::frame::{Frame, Load},
};

/// Frames for the same connections.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) connections: Arc<[Arc<Live>]>,
    pub(super) batch: Batch,
    /// Whether these are all of the endpoint.
    is_for_everyone: bool,
    /// Whether a later round is for the same connections: it writes the frames of this one as well.
    pub(super) is_repeated: bool,
}

impl Round {
    fn is_for(&self, share: &Share) -> bool {
        Arc::ptr_eq(&self.connections, &share.connections)
    }

    fn is_for_those_of(&self, round: &Self) -> bool {
        Arc::ptr_eq(&self.connections, &round.connections)
    }

    /// Queues what it holds for all of its connections. Those `crowded` by it are to part.
    fn settle(&self, crowded: &mut Vec<Arc<Live>>) {
        let connections = self.connections.iter();
        crowded.extend(
            connections
                .filter(|live| live.mailbox.settle(live.id, &self.batch))
                .cloned(),
        );
    }

    /// Tells whether the frames of this round behind the number `seen` are for `live`, whom rounds have reached since.
    fn includes(&self, live: &Arc<Live>, seen: u64) -> bool {
        seen < self.batch.last()
            && (self.is_for_everyone || self.connections.iter().any(|member| Arc::ptr_eq(member, live)))
    }
}

/// What the courier does next.
#[derive(Debug)]
pub(super) enum Errand {
    Visit(Vec<Arc<Live>>),
    Round(Arc<Round>),
}

impl Errand {
    pub(super) fn connections(&self) -> &[Arc<Live>] {
        match self {
            Self::Visit(connections) => connections,
            Self::Round(round) => &round.connections,
        }
    }
}

/// A broadcast, as the log sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broadcast<'b> {
    pub(super) frame: &'b Frame,
    /// Whom it is not for, sorted.
    pub(super) except: &'b [ConnectionId],
    pub(super) is_for_everyone: bool,
}

/// What a courier is to do.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The round that is handed out at this moment.
    under_way: Option<Arc<Round>>,
    rounds: VecDeque<Round>,
    /// What is put off.
    load: Load,
    /// What of that is under way.
    load_under_way: Load,
    /// The number of the last frame that was put off.
    last: u64,
    /// The connections of the courier in the endpoint whom rounds do not reach.
    at_once: HashSet<ConnectionId>,
    /// Who has something queued that nobody else writes.
    visits: Vec<Arc<Live>>,
    /// What everybody has, to be dropped without a lock: a payload's `Drop` is the user's.
    done: Vec<Round>,
    /// Whether the courier's task is there, or about to be.
    pub(super) is_on_the_way: bool,
}

impl Log {
    pub(super) fn has_rounds(&self) -> bool {
        self.under_way.is_some() || !self.rounds.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_rounds() && self.visits.is_empty()
    }

    // ---- broadcasts -----------------------------------------------------------------------------------------------

    /// Puts a broadcast off for `share`, a part of `group`, and pushes those to `others` who are to be sent it at once.
    /// Returns how many it is put off for.
    pub(super) fn raise(
        &mut self,
        (group, share): (&Group, &Share),
        broadcast: Broadcast<'_>,
        limit: Load,
        others: &mut Vec<Arc<Live>>,
    ) -> usize {
        let Broadcast { frame, except, .. } = broadcast;
        let is_for = |live: &&Arc<Live>| except.binary_search(&live.id).is_err();
        if !self.make_room(frame, limit) {
            others.extend(share.connections.iter().filter(is_for).cloned());
            return 0;
        }
        let apart = self.apart(group, share);
        let left_out = except.iter().filter(|id| !self.at_once.contains(*id));
        let left_out = left_out.filter_map(|id| group.get(*id));
        let left_out = left_out.filter(|live| live.is_served_by(&share.courier)).count();
        let reached = share.connections.len() - apart.len() - left_out;
        others.extend(apart.into_iter().filter(is_for).cloned());
        if reached > 0 {
            self.put_off(share, broadcast);
        }
        reached
    }

    /// Returns those of `share` whom rounds do not reach.
    fn apart<'g>(&self, group: &'g Group, share: &'g Share) -> Vec<&'g Arc<Live>> {
        if self.at_once.len() <= share.connections.len() {
            return self.at_once.iter().filter_map(|id| group.get(*id)).collect();
        }
        let connections = share.connections.iter();
        connections.filter(|live| self.at_once.contains(&live.id)).collect()
    }

    fn put_off(&mut self, share: &Share, broadcast: Broadcast<'_>) {
        self.last += 1;
        self.load.add(broadcast.frame);
        let last = self.rounds.back().filter(|last| last.is_for(share));
        if last.is_none() {
            self.rounds.push_back(Round {
                connections: share.connections.clone(),
                batch: Batch::new(),
                is_for_everyone: broadcast.is_for_everyone,
                is_repeated: false,
            });
        }
        if let Some(round) = self.rounds.back_mut() {
            round.batch.add(self.last, broadcast.frame, broadcast.except);
        }
    }

    /// Settles the oldest rounds until `frame` can be put off as well. Returns `false` if it is too long for that.
    fn make_room(&mut self, frame: &Frame, limit: Load) -> bool {
        let fits = |load: Load| load.messages < limit.messages && load.bytes + frame.len() <= limit.bytes;
        let mut crowded = Vec::new();
        while !fits(self.load) && self.settle_oldest(&mut crowded) {}
        if !crowded.is_empty() {
            self.settle_all(crowded);
        }
        fits(self.load)
    }

    // ---- settling -------------------------------------------------------------------------------------------------

    /// Queues everything that is put off.
    pub(super) fn settle_all(&mut self, mut crowded: Vec<Arc<Live>>) {
        while self.settle_oldest(&mut crowded) {}
        for live in crowded {
            self.part(&live, false);
        }
    }

    /// Queues what the oldest round holds, for all of its connections. Returns `false` if nothing is put off. Who is
    /// `crowded` by it is to part when there is nothing left for it.
    fn settle_oldest(&mut self, crowded: &mut Vec<Arc<Live>>) -> bool {
        if let Some(round) = self.under_way.clone().filter(|_| self.load_under_way.messages > 0) {
            self.load.remove(take(&mut self.load_under_way));
            // Its task still visits everybody who has not had it.
            round.settle(crowded);
            return true;
        }
        let Some(mut round) = self.rounds.pop_front() else {
            return false;
        };
        round.batch.seal();
        self.load.remove(round.batch.load());
        round.settle(crowded);
        self.call_for(&round.connections);
        self.done.push(round);
        true
    }

    /// Has those visited of `connections` for whom the courier is to be called.
    fn call_for(&mut self, connections: &[Arc<Live>]) {
        let called = connections.iter().filter(|live| live.mailbox.calls_courier());
        self.visits.extend(called.cloned());
    }

    /// Queues what is put off for `live`. Its courier comes by in any case, since the rounds remain.
    pub(super) fn catch_up(&mut self, live: &Arc<Live>) {
        let Some(seen) = live.mailbox.seen().filter(|seen| *seen < self.last) else {
            return;
        };
        let rounds = self.under_way.iter().map(|round| &**round).chain(&self.rounds);
        let its = rounds.filter(|round| round.includes(live, seen));
        if live.mailbox.catch_up(live.id, self.last, its.map(|round| &round.batch)) {
            self.leave_rounds(live, false);
        }
    }

    // ---- who is reached -------------------------------------------------------------------------------------------

    /// Lets no round reach a connection that enters the endpoint.
    pub(super) fn enter(&mut self, id: ConnectionId) {
        self.at_once.insert(id);
    }

    /// Lets no round reach `live` from now on, for good if it `ends`.
    pub(super) fn part(&mut self, live: &Arc<Live>, ends: bool) {
        self.catch_up(live);
        self.leave_rounds(live, ends);
    }

    fn leave_rounds(&mut self, live: &Live, ends: bool) {
        if live.mailbox.leave_rounds(ends) {
            self.at_once.insert(live.id);
        }
    }

    /// Lets rounds reach `live` again, if it has taken everything.
    pub(super) fn rejoin(&mut self, live: &Live) {
        if live.mailbox.join_rounds(self.last) {
            self.at_once.remove(&live.id);
        }
    }

    /// Forgets a connection that leaves the endpoint.
    pub(super) fn leave(&mut self, live: &Arc<Live>) {
        self.part(live, true);
        self.at_once.remove(&live.id);
    }

    // ---- the courier's task ---------------------------------------------------------------------------------------

    /// Has `live` visited.
    pub(super) fn visit(&mut self, live: &Arc<Live>) {
        self.visits.push(live.clone());
    }

    /// Gives what is to be done next. What was before is done, and the caller has it still.
    pub(super) fn next(&mut self) -> Option<Errand> {
        self.load.remove(take(&mut self.load_under_way));
        self.under_way = None;
        if !self.visits.is_empty() {
            return Some(Errand::Visit(take(&mut self.visits)));
        }
        let mut round = self.rounds.pop_front()?;
        round.batch.seal();
        round.is_repeated = self.rounds.iter().any(|later| later.is_for_those_of(&round));
        self.load_under_way = round.batch.load();
        let round = Arc::new(round);
        self.under_way = Some(round.clone());
        Some(Errand::Round(round))
    }

    /// Gives what everybody has, to be dropped without a lock.
    pub(super) fn take_done(&mut self) -> Vec<Round> {
        take(&mut self.done)
    }

    /// Queues everything, since the courier does not come. Gives those for whom it was called. The caller has the round
    /// that was under way still.
    pub(super) fn abandon(&mut self) -> Vec<Arc<Live>> {
        self.settle_all(Vec::new());
        if let Some(round) = self.under_way.take() {
            self.call_for(&round.connections);
        }
        self.is_on_the_way = false;
        take(&mut self.visits)
    }
}
