//! The pending work of a flusher: batches of broadcast frames, and connections scheduled for a flush.
//!
//! A broadcast does not lock the queue of each recipient. It is deferred: its frame is appended to the last batch, or
//! starts a new one. The flusher writes the batches later. A connection is in one of two modes: *batched* (batches
//! reach it) or *direct* (broadcasts are queued for it one by one). These invariants hold:
//!
//! 1. A deferred frame counts as queued. There is always room for it ([`crate::mailbox::broadcasts`]), and [`Delivery`]
//!    counts it.
//! 2. A connection receives each frame of its batches once, in order. Frames have consecutive numbers, and a connection
//!    remembers the number of the last frame that it has. One task writes the batches of a flusher, one after the
//!    other.
//! 3. A frame that is queued in any other way comes after the frames deferred before it. So does the end of a
//!    connection. The deferred frames are queued first, for this connection alone.
//! 4. The connections in direct mode are in `direct`. A connection is always in exactly one mode: it changes its mode,
//!    and a frame is deferred, only under the lock of the pending batches.
//! 5. While the flusher writes a batch, it adds frames that are deferred for the same connections, and goes round: each
//!    connection gets all frames since its last visit in one write. A frame is dropped when all have been visited.
//! 6. A batch is dropped when all its recipients have its frames. If the flusher's task ends early, the frames are
//!    queued for all recipients, and their drivers write them.
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
    wire::{
        deflate::{BroadcastFrame, Form},
        frame::{Frame, QueueSize},
    },
};

/// Frames for one set of connections.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) connections: Arc<[Arc<Live>]>,
    pub(super) shared: SharedFrames,
    /// The index of the first connection to visit. The first of all comes after the last.
    start: usize,
    /// Whether the set is the whole endpoint.
    is_for_everyone: bool,
    /// Whether a later batch is for the same connections. Then this batch is only queued, and the later one writes
    /// both.
    pub(super) is_superseded: bool,
}

impl Batch {
    fn is_for(&self, shard: &Shard) -> bool {
        Arc::ptr_eq(&self.connections, &shard.connections)
    }

    fn is_for_same_as(&self, batch: &Self) -> bool {
        Arc::ptr_eq(&self.connections, &batch.connections)
    }

    /// Returns this batch with the frames of `later`, which is for the same connections. The `visited` connections
    /// have the frames of this batch, so they come last.
    fn extended(&self, visited: usize, later: &Self) -> Self {
        let recipients = self.connections.len();
        Self {
            connections: self.connections.clone(),
            shared: self.shared.extended(visited, recipients, &later.shared),
            start: (self.start + visited) % recipients,
            is_for_everyone: self.is_for_everyone,
            is_superseded: false,
        }
    }

    /// Queues the frames for all connections. Adds the connections that must stop batching to `overfull`.
    fn queue_for_all(&self, overfull: &mut Vec<Arc<Live>>) {
        let connections = self.connections.iter();
        overfull.extend(
            connections
                .filter(|live| live.mailbox.queue_batch(live.id, &self.shared))
                .cloned(),
        );
    }

    /// Returns `true` if a frame after the number `seen` is for `live`, a connection in batched mode since then.
    fn includes(&self, live: &Arc<Live>, seen: u64) -> bool {
        seen < self.shared.last()
            && (self.is_for_everyone || self.connections.iter().any(|member| Arc::ptr_eq(member, live)))
    }
}

/// The next step of a flusher.
#[derive(Debug)]
pub(super) enum Work {
    /// Write the queues of these connections.
    Queues(Vec<Arc<Live>>),
    /// Write this batch to its connections.
    Batch(Arc<Batch>),
}

impl Work {
    /// Returns the index of the first connection to visit.
    pub(super) fn start(&self) -> usize {
        match self {
            Self::Queues(_) => 0,
            Self::Batch(batch) => batch.start,
        }
    }

    pub(super) fn connections(&self) -> &[Arc<Live>] {
        match self {
            Self::Queues(connections) => connections,
            Self::Batch(batch) => &batch.connections,
        }
    }
}

/// A broadcast to defer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broadcast<'b> {
    pub(super) frame: &'b BroadcastFrame,
    /// The connections left out, sorted.
    pub(super) except: &'b [ConnectionId],
    pub(super) is_for_everyone: bool,
}

/// The pending work of a flusher.
#[derive(Debug, Default)]
pub(super) struct PendingBatches {
    /// The maximum size of the deferred frames.
    limit: QueueSize,
    /// The batch that the flusher writes now.
    current: Option<Arc<Batch>>,
    batches: VecDeque<Batch>,
    /// Total size of the deferred frames, including `current_size`.
    size: QueueSize,
    /// The part of `size` that belongs to the current batch.
    current_size: QueueSize,
    /// The number of the last deferred frame.
    last: u64,
    /// The connections of this flusher and endpoint in direct mode.
    direct: IdSet,
    /// Connections with queued frames that only the flusher will write.
    scheduled: Vec<Arc<Live>>,
    /// Finished batches, to be dropped without a lock: the `Drop` of a payload is user code.
    finished: Vec<Batch>,
    /// Whether the flusher's task runs or is about to run.
    pub(super) is_running: bool,
}

impl PendingBatches {
    pub(super) fn new(limit: QueueSize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub(super) fn has_batches(&self) -> bool {
        self.current.is_some() || !self.batches.is_empty()
    }

    pub(super) fn is_empty(&self) -> bool {
        !self.has_batches() && self.scheduled.is_empty()
    }

    // ---- broadcasts -----------------------------------------------------------------------------------------------

    /// Defers a broadcast for `shard`, a part of `group`. Adds its recipients in direct mode to `others`. Returns the
    /// number of recipients in batched mode.
    pub(super) fn enqueue(
        &mut self,
        (group, shard): (&Group, &Shard),
        broadcast: Broadcast<'_>,
        others: &mut Vec<Arc<Live>>,
    ) -> usize {
        let Broadcast { frame, except, .. } = broadcast;
        let is_for = |live: &&Arc<Live>| except.binary_search(&live.id).is_err();
        if !self.make_room(frame.in_form(Form::default())) {
            others.extend(shard.connections.iter().filter(is_for).cloned());
            return 0;
        }
        let direct_members = self.direct_members(group, shard);
        let left_out = except.iter().filter(|id| !self.direct.contains(*id));
        let left_out = left_out.filter_map(|id| group.get(*id));
        let left_out = left_out.filter(|live| live.is_served_by(&shard.flusher)).count();
        let reached = shard.connections.len() - direct_members.len() - left_out;
        others.extend(direct_members.into_iter().filter(is_for).cloned());
        if reached > 0 {
            self.defer(shard, broadcast);
        }
        reached
    }

    /// Returns the connections of `shard` in direct mode.
    fn direct_members<'g>(&self, group: &'g Group, shard: &'g Shard) -> Vec<&'g Arc<Live>> {
        if self.direct.len() <= shard.connections.len() {
            return self.direct.iter().filter_map(|id| group.get(*id)).collect();
        }
        let connections = shard.connections.iter();
        connections.filter(|live| self.direct.contains(&live.id)).collect()
    }

    fn defer(&mut self, shard: &Shard, broadcast: Broadcast<'_>) {
        self.last += 1;
        self.size.add(broadcast.frame.in_form(Form::default()));
        let last = self.batches.back().filter(|last| last.is_for(shard));
        if last.is_none() {
            self.batches.push_back(Batch {
                connections: shard.connections.clone(),
                shared: SharedFrames::new(),
                start: 0,
                is_for_everyone: broadcast.is_for_everyone,
                is_superseded: false,
            });
        }
        if let Some(batch) = self.batches.back_mut() {
            batch.shared.add(self.last, broadcast.frame, broadcast.except);
        }
    }

    /// Queues the oldest batches until `frame` fits. Returns `false` if the frame is too long to be deferred.
    fn make_room(&mut self, frame: &Frame) -> bool {
        let limit = self.limit;
        let fits = |size: QueueSize| size.messages < limit.messages && size.bytes + frame.len() <= limit.bytes;
        let mut overfull = Vec::new();
        while !fits(self.size) && self.queue_oldest(&mut overfull) {}
        if !overfull.is_empty() {
            self.queue_all(overfull);
        }
        fits(self.size)
    }

    // ---- queueing --- ----------------------------------------------------------------------------------------------

    /// Queues all deferred frames.
    pub(super) fn queue_all(&mut self, mut overfull: Vec<Arc<Live>>) {
        while self.queue_oldest(&mut overfull) {}
        for live in overfull {
            self.stop_batching(&live, false);
        }
    }

    /// Queues the frames of the oldest batch for all its connections. Returns `false` if there is no batch. The caller
    /// stops batching for the `overfull` connections when no deferred frame is left.
    fn queue_oldest(&mut self, overfull: &mut Vec<Arc<Live>>) -> bool {
        if let Some(batch) = self.current.clone().filter(|_| self.current_size.messages > 0) {
            self.size.remove(take(&mut self.current_size));
            // The task still visits the connections that it has not reached, and writes their queues.
            batch.queue_for_all(overfull);
            return true;
        }
        let Some(mut batch) = self.batches.pop_front() else {
            return false;
        };
        batch.shared.seal();
        self.size.remove(batch.shared.size());
        batch.queue_for_all(overfull);
        self.schedule_called(&batch.connections);
        self.finished.push(batch);
        true
    }

    /// Schedules the connections that need the flusher.
    fn schedule_called(&mut self, connections: &[Arc<Live>]) {
        let called = connections.iter().filter(|live| live.mailbox.needs_flusher());
        self.scheduled.extend(called.cloned());
    }

    /// Queues the deferred frames for `live`. The batches remain, so the flusher still visits `live` and writes its
    /// queue.
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
            self.mark_direct(live, false);
        }
    }

    // ---- batched or direct ------------------------------------------------------------------------------------------

    /// Puts a connection that enters the endpoint in direct mode.
    pub(super) fn enter(&mut self, id: ConnectionId) {
        self.direct.insert(id);
    }

    /// Puts `live` in direct mode, after its deferred frames are queued. If it `ends`, it stays in direct mode.
    pub(super) fn stop_batching(&mut self, live: &Arc<Live>, ends: bool) {
        self.catch_up(live);
        self.mark_direct(live, ends);
    }

    fn mark_direct(&mut self, live: &Live, ends: bool) {
        if live.mailbox.stop_batching(ends) {
            self.direct.insert(live.id);
        }
    }

    /// Puts `live` in batched mode if its mailbox allows it.
    pub(super) fn resume_batching(&mut self, live: &Live) {
        if live.mailbox.start_batching(self.last) {
            self.direct.remove(&live.id);
        }
    }

    /// Removes a connection that leaves the endpoint.
    pub(super) fn leave(&mut self, live: &Arc<Live>) {
        self.stop_batching(live, true);
        self.direct.remove(&live.id);
    }

    // ---- the flusher's task ---------------------------------------------------------------------------------------

    /// Schedules a flush of `live`.
    pub(super) fn schedule(&mut self, live: &Arc<Live>) {
        self.scheduled.push(live.clone());
    }

    /// Returns the next work. The previous work is finished, and the caller still holds it.
    pub(super) fn next(&mut self) -> Option<Work> {
        self.size.remove(take(&mut self.current_size));
        self.current = None;
        if !self.scheduled.is_empty() {
            return Some(Work::Queues(take(&mut self.scheduled)));
        }
        let mut batch = self.batches.pop_front()?;
        batch.shared.seal();
        Some(self.begin(batch))
    }

    /// Adds the frames that were deferred meanwhile to the current batch, so that the connections that are not among the
    /// `visited` get all frames in one write. Returns the work that replaces the current work.
    pub(super) fn extend_current(&mut self, visited: usize) -> Option<Work> {
        let current = self.current.as_ref().filter(|_| self.current_size.messages > 0)?;
        let later = self.batches.front().filter(|later| later.is_for_same_as(current))?;
        // Connections that wait for the flusher come before a longer batch.
        if !self.scheduled.is_empty() {
            return None;
        }
        let extended = current.extended(visited, later);
        self.size.remove(self.current_size);
        self.size.remove(later.shared.size());
        self.size.append(extended.shared.size());
        self.finished.extend(self.batches.pop_front());
        Some(self.begin(extended))
    }

    fn begin(&mut self, mut batch: Batch) -> Work {
        batch.is_superseded = self.batches.iter().any(|later| later.is_for_same_as(&batch));
        self.current_size = batch.shared.size();
        let batch = Arc::new(batch);
        self.current = Some(batch.clone());
        Work::Batch(batch)
    }

    /// Returns the finished batches, to be dropped without a lock.
    pub(super) fn take_finished(&mut self) -> Vec<Batch> {
        take(&mut self.finished)
    }

    /// Queues all deferred frames, because the flusher's task ends. Returns the connections that it would have written
    /// to. The caller still holds the current batch.
    pub(super) fn abort(&mut self) -> Vec<Arc<Live>> {
        self.queue_all(Vec::new());
        if let Some(batch) = self.current.take() {
            self.schedule_called(&batch.connections);
        }
        self.is_running = false;
        take(&mut self.scheduled)
    }
}
