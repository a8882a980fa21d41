//! Hands broadcasts to many connections, and writes what was queued for them, without waking each connection's own task.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use tokio::{runtime::Handle, task::yield_now};

use crate::{
    hub::{
        batch::{PendingBatches, Work},
        live::Live,
        sweep::Sweeper,
    },
    mailbox::broadcasts::batched_share,
    types::limits::Bounds,
    util::sync::{AtomicBool, Mutex, MutexGuard},
    wire::frame::QueueSize,
};

/// How many connections are written to before other tasks get their turn. So many writes take some 100 µs.
const CONNECTIONS_PER_TURN: usize = if cfg!(races) { 1 } else { 32 };

/// How many bytes are written before other tasks get their turn.
const BYTES_PER_TURN: usize = 256 * 1024;

/// Writes for some connections of one endpoint that live in one runtime. There is a task only while there is something to
/// write. Each runtime has flushers of its own, so that one that ends or stands still takes only its own connections with
/// it.
pub(crate) struct Flusher {
    pending: Mutex<PendingBatches>,
    /// Whether something may be put off.
    has_batches: AtomicBool,
    /// How much is put off at most.
    limit: QueueSize,
    /// The runtime of the connections. The sender need not be in it.
    runtime: Handle,
    pub(super) sweeper: Sweeper,
}

impl Flusher {
    pub(crate) fn new(runtime: Handle, bounds: &Bounds) -> Self {
        Self {
            pending: Mutex::default(),
            has_batches: AtomicBool::new(false),
            limit: batched_share(bounds),
            runtime,
            sweeper: Sweeper::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, PendingBatches> {
        self.pending.lock()
    }

    /// Changes the pending.
    pub(super) fn with_pending<T>(&self, change: impl FnOnce(&mut PendingBatches, QueueSize) -> T) -> T {
        let mut pending = self.lock();
        let result = change(&mut pending, self.limit);
        self.has_batches.store(pending.has_batches(), Ordering::Release);
        result
    }

    /// Returns the runtime of the connections.
    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Queues what is put off for `live`, so that whatever is queued next comes after it.
    #[inline]
    pub(crate) fn catch_up(&self, live: &Arc<Live>) {
        if self.has_batches.load(Ordering::Acquire) {
            self.lock().catch_up(live);
        }
    }

    /// Has `live` flushed.
    pub(crate) fn schedule(self: &Arc<Self>, live: &Arc<Live>) {
        let mut pending = self.lock();
        pending.schedule(live);
        self.start_with(pending);
    }

    /// Sees to it that what is to be done is done.
    pub(crate) fn start(self: &Arc<Self>) {
        self.start_with(self.lock());
    }

    fn start_with(self: &Arc<Self>, mut pending: MutexGuard<'_, PendingBatches>) {
        let done = pending.take_done();
        let is_needed = !pending.is_running && !pending.is_empty();
        pending.is_running |= is_needed;
        drop(pending);
        if is_needed {
            self.spawn(FlushTask::new(self.clone()).run());
        }
        drop(done);
    }

    #[cfg(not(all(test, races)))]
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(task);
    }

    #[cfg(all(test, races))]
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        super::races::spawn(task);
    }
}

impl fmt::Debug for Flusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flusher").finish_non_exhaustive()
    }
}

/// The task of a flusher. If it is dropped on its way, because its runtime ends or something panics, the drivers of those
/// whom it has not come to write what is queued.
struct FlushTask {
    flusher: Arc<Flusher>,
    work: Option<Work>,
    is_over: bool,
}

impl FlushTask {
    const fn new(flusher: Arc<Flusher>) -> Self {
        Self {
            flusher,
            work: None,
            is_over: false,
        }
    }

    /// Does what is in the pending until it is empty.
    async fn run(mut self) {
        // First, those who are about to send get their turn: what they send is written together.
        yield_now().await;
        let mut pause = Pause::default();
        while let Some(length) = self.next_work() {
            for index in 0..length {
                if pause.is_due_after(self.flush_one(index)) {
                    yield_now().await;
                }
            }
        }
    }

    /// Takes the next work from the pending batches, if there is one. Returns how many connections it is for.
    fn next_work(&mut self) -> Option<usize> {
        let (next, done) = self.flusher.with_pending(|pending, _| {
            let next = pending.next();
            pending.is_running = next.is_some();
            (next, pending.take_done())
        });
        self.is_over = next.is_none();
        // Without a lock, as `done`.
        self.work = next;
        drop(done);
        self.work.as_ref().map(|work| work.connections().len())
    }

    /// Does the work for one of its connections. Returns how many bytes were written.
    fn flush_one(&self, index: usize) -> usize {
        let Some(work) = &self.work else { return 0 };
        let live = &work.connections()[index];
        match work {
            Work::Queues(_) => live.write(),
            Work::Batch(batch) if batch.is_superseded => {
                live.settle(&batch.shared);
                0
            }
            Work::Batch(batch) => live.write_batch(&batch.shared),
        }
    }
}

impl Drop for FlushTask {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let work = self.work.take();
        let (called, _done) = self
            .flusher
            .with_pending(|pending, _| (pending.abort(), pending.take_done()));
        let scheduled = work.iter().flat_map(Work::connections);
        for live in scheduled.chain(&called) {
            live.mailbox.leave_to_driver();
        }
    }
}

/// Counts what was done since other tasks had their turn.
#[derive(Debug, Default)]
struct Pause {
    flushed: usize,
    bytes: usize,
}

impl Pause {
    /// Counts a schedule. Returns `true` if it is time for a pause.
    const fn is_due_after(&mut self, written: usize) -> bool {
        self.flushed += 1;
        self.bytes += written;
        let is_due = self.flushed == CONNECTIONS_PER_TURN || self.bytes >= BYTES_PER_TURN;
        if is_due {
            (self.flushed, self.bytes) = (0, 0);
        }
        is_due
    }
}
