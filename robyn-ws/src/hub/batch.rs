//! What a flusher is to do: the batches of frames it hands out, and the connections it scheduled.
//!
//! A broadcast does not touch those it is for. It is put off: its frame joins the last batch, or begins one. These hold:
//!
//! 1. What is put off is as good as queued. It always finds room ([`crate::mailbox::broadcasts`]), and [`Delivery`] counts it.
//! 2. Each connection gets the frames of its batches once, in the order of their numbers: it remembers the last number it
//!    has. One task hands out the batches of a flusher, one after the other.
//! 3. Whatever is put into a queue in any other way, and whatever ends a connection, comes after what was put off for
//!    it before: that is queued first, for this connection alone.
//! 4. Those whom batches do not reach are in `at_once`, and are sent broadcasts one by one. Nobody is reached in both ways
//!    or in neither: a connection changes between them, and a frame is put off, only under the lock of the pending.
//! 5. A batch is dropped when everybody has its frames. If its task ends early, everybody's are queued for the drivers.
//!
//! [`Delivery`]: crate::Delivery

use std::{collections::VecDeque, mem::take, sync::Arc};

use crate::{
    hub::{
        group::{Group, Shard},
        live::Live,
    },
    mailbox::shared_frames::SharedFrames,
    types::id::{ConnectionId, IdSet},
    wire::frame::{Frame, QueueSize},
};

/// Frames for the same connections.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) connections: Arc<[Arc<Live>]>,
    pub(super) shared: SharedFrames,
    /// Whether these are all of the endpoint.
    is_for_everyone: bool,
    /// Whether a later batch is for the same connections: it writes the frames of this one as well.
    pub(super) is_superseded: bool,
}

impl Batch {
    fn is_for(&self, shard: &Shard) -> bool {
        Arc::ptr_eq(&self.connections, &shard.connections)
    }

    fn is_for_same_as(&self, batch: &Self) -> bool {
        Arc::ptr_eq(&self.connections, &batch.connections)
    }

    /// Queues what it holds for all of its connections. Those `crowded` by it are to part.
    fn settle(&self, crowded: &mut Vec<Arc<Live>>) {
        let connections = self.connections.iter();
        crowded.extend(
            connections
                .filter(|live| live.mailbox.settle(live.id, &self.shared))
                .cloned(),
        );
    }

    /// Tells whether the frames of this batch behind the number `seen` are for `live`, whom batches have reached since.
    fn includes(&self, live: &Arc<Live>, seen: u64) -> bool {
        seen < self.shared.last()
            && (self.is_for_everyone || self.connections.iter().any(|member| Arc::ptr_eq(member, live)))
    }
}

/// What the flusher does next.
#[derive(Debug)]
pub(super) enum Work {
    Queues(Vec<Arc<Live>>),
    Batch(Arc<Batch>),
}

impl Work {
    pub(super) fn connections(&self) -> &[Arc<Live>] {
        match self {
            Self::Queues(connections) => connections,
            Self::Batch(batch) => &batch.connections,
        }
    }
}

/// A broadcast, as the pending sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broadcast<'b> {
    pub(super) frame: &'b Frame,
    /// Whom it is not for, sorted.
    pub(super) except: &'b [ConnectionId],
    pub(super) is_for_everyone: bool,
}

/// What a flusher is to do.
#[derive(Debug, Default)]
pub(super) struct PendingBatches {
    /// The batch that is handed out at this moment.
    current: Option<Arc<Batch>>,
    batches: VecDeque<Batch>,
    /// What is put off.
    size: QueueSize,
    /// What of that is under way.
    current_size: QueueSize,
    /// The number of the last frame that was put off.
    last: u64,
    /// The connections of the flusher in the endpoint whom batches do not reach.
    at_once: IdSet,
    /// Who has something queued that nobody else writes.
    scheduled: Vec<Arc<Live>>,
    /// What everybody has, to be dropped without a lock: a payload's `Drop` is the user's.
    done: Vec<Batch>,
    /// Whether the flusher's task is there, or about to be.
    pub(super) is_running: bool,
}

impl PendingBatches {
    pub(super) fn has_batches(&self) -> bool {
        self.current.is_some() || !self.batches.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_batches() && self.scheduled.is_empty()
    }

    // ---- broadcasts -----------------------------------------------------------------------------------------------

    /// Puts a broadcast off for `shard`, a part of `group`, and pushes those to `others` who are to be sent it at once.
    /// Returns how many it is put off for.
    pub(super) fn enqueue(
        &mut self,
        (group, shard): (&Group, &Shard),
        broadcast: Broadcast<'_>,
        limit: QueueSize,
        others: &mut Vec<Arc<Live>>,
    ) -> usize {
        let Broadcast { frame, except, .. } = broadcast;
        let is_for = |live: &&Arc<Live>| except.binary_search(&live.id).is_err();
        if !self.make_room(frame, limit) {
            others.extend(shard.connections.iter().filter(is_for).cloned());
            return 0;
        }
        let unbatched = self.unbatched(group, shard);
        let left_out = except.iter().filter(|id| !self.at_once.contains(*id));
        let left_out = left_out.filter_map(|id| group.get(*id));
        let left_out = left_out.filter(|live| live.is_served_by(&shard.flusher)).count();
        let reached = shard.connections.len() - unbatched.len() - left_out;
        others.extend(unbatched.into_iter().filter(is_for).cloned());
        if reached > 0 {
            self.defer(shard, broadcast);
        }
        reached
    }

    /// Returns those of `shard` whom batches do not reach.
    fn unbatched<'g>(&self, group: &'g Group, shard: &'g Shard) -> Vec<&'g Arc<Live>> {
        if self.at_once.len() <= shard.connections.len() {
            return self.at_once.iter().filter_map(|id| group.get(*id)).collect();
        }
        let connections = shard.connections.iter();
        connections.filter(|live| self.at_once.contains(&live.id)).collect()
    }

    fn defer(&mut self, shard: &Shard, broadcast: Broadcast<'_>) {
        self.last += 1;
        self.size.add(broadcast.frame);
        let last = self.batches.back().filter(|last| last.is_for(shard));
        if last.is_none() {
            self.batches.push_back(Batch {
                connections: shard.connections.clone(),
                shared: SharedFrames::new(),
                is_for_everyone: broadcast.is_for_everyone,
                is_superseded: false,
            });
        }
        if let Some(batch) = self.batches.back_mut() {
            batch.shared.add(self.last, broadcast.frame, broadcast.except);
        }
    }

    /// Settles the oldest batches until `frame` can be put off as well. Returns `false` if it is too long for that.
    fn make_room(&mut self, frame: &Frame, limit: QueueSize) -> bool {
        let fits = |size: QueueSize| size.messages < limit.messages && size.bytes + frame.len() <= limit.bytes;
        let mut crowded = Vec::new();
        while !fits(self.size) && self.queue_oldest(&mut crowded) {}
        if !crowded.is_empty() {
            self.queue_all(crowded);
        }
        fits(self.size)
    }

    // ---- settling -------------------------------------------------------------------------------------------------

    /// Queues everything that is put off.
    pub(super) fn queue_all(&mut self, mut crowded: Vec<Arc<Live>>) {
        while self.queue_oldest(&mut crowded) {}
        for live in crowded {
            self.part(&live, false);
        }
    }

    /// Queues what the oldest batch holds, for all of its connections. Returns `false` if nothing is put off. Who is
    /// `crowded` by it is to part when there is nothing left for it.
    fn queue_oldest(&mut self, crowded: &mut Vec<Arc<Live>>) -> bool {
        if let Some(batch) = self.current.clone().filter(|_| self.current_size.messages > 0) {
            self.size.remove(take(&mut self.current_size));
            // Its task still scheduled everybody who has not had it.
            batch.settle(crowded);
            return true;
        }
        let Some(mut batch) = self.batches.pop_front() else {
            return false;
        };
        batch.shared.seal();
        self.size.remove(batch.shared.size());
        batch.settle(crowded);
        self.schedule_called(&batch.connections);
        self.done.push(batch);
        true
    }

    /// Has those flushed of `connections` for whom the flusher is to be called.
    fn schedule_called(&mut self, connections: &[Arc<Live>]) {
        let called = connections.iter().filter(|live| live.mailbox.needs_flusher());
        self.scheduled.extend(called.cloned());
    }

    /// Queues what is put off for `live`. Its flusher comes by in any case, since the batches remain.
    pub(super) fn catch_up(&mut self, live: &Arc<Live>) {
        let Some(seen) = live.mailbox.seen().filter(|seen| *seen < self.last) else {
            return;
        };
        let batches = self.current.iter().map(|batch| &**batch).chain(&self.batches);
        let its = batches.filter(|batch| batch.includes(live, seen));
        if live
            .mailbox
            .catch_up(live.id, self.last, its.map(|batch| &batch.shared))
        {
            self.stop_batching(live, false);
        }
    }

    // ---- who is reached -------------------------------------------------------------------------------------------

    /// Lets no batch reach a connection that enters the endpoint.
    pub(super) fn enter(&mut self, id: ConnectionId) {
        self.at_once.insert(id);
    }

    /// Lets no batch reach `live` from now on, for good if it `ends`.
    pub(super) fn part(&mut self, live: &Arc<Live>, ends: bool) {
        self.catch_up(live);
        self.stop_batching(live, ends);
    }

    fn stop_batching(&mut self, live: &Live, ends: bool) {
        if live.mailbox.stop_batching(ends) {
            self.at_once.insert(live.id);
        }
    }

    /// Lets batches reach `live` again, if it has taken everything.
    pub(super) fn resume_batching(&mut self, live: &Live) {
        if live.mailbox.start_batching(self.last) {
            self.at_once.remove(&live.id);
        }
    }

    /// Forgets a connection that leaves the endpoint.
    pub(super) fn leave(&mut self, live: &Arc<Live>) {
        self.part(live, true);
        self.at_once.remove(&live.id);
    }

    // ---- the flusher's task ---------------------------------------------------------------------------------------

    /// Has `live` flushed.
    pub(super) fn schedule(&mut self, live: &Arc<Live>) {
        self.scheduled.push(live.clone());
    }

    /// Gives what is to be done next. What was before is done, and the caller has it still.
    pub(super) fn next(&mut self) -> Option<Work> {
        self.size.remove(take(&mut self.current_size));
        self.current = None;
        if !self.scheduled.is_empty() {
            return Some(Work::Queues(take(&mut self.scheduled)));
        }
        let mut batch = self.batches.pop_front()?;
        batch.shared.seal();
        batch.is_superseded = self.batches.iter().any(|later| later.is_for_same_as(&batch));
        self.current_size = batch.shared.size();
        let batch = Arc::new(batch);
        self.current = Some(batch.clone());
        Some(Work::Batch(batch))
    }

    /// Gives what everybody has, to be dropped without a lock.
    pub(super) fn take_done(&mut self) -> Vec<Batch> {
        take(&mut self.done)
    }

    /// Queues everything, since the flusher does not come. Gives those for whom it was called. The caller has the batch
    /// that was under way still.
    pub(super) fn abort(&mut self) -> Vec<Arc<Live>> {
        self.queue_all(Vec::new());
        if let Some(batch) = self.current.take() {
            self.schedule_called(&batch.connections);
        }
        self.is_running = false;
        take(&mut self.scheduled)
    }
}
