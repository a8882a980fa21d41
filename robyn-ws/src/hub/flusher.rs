//! Writes broadcasts and queued frames to many connections, without waking the task of each connection.

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
};

/// Number of connections written to before the task yields. 32 writes take about 100 µs.
const CONNECTIONS_PER_TURN: usize = if cfg!(races) { 1 } else { 32 };

/// Number of bytes written before the task yields.
const BYTES_PER_TURN: usize = 256 * 1024;

/// Writes to some connections of one endpoint and one runtime.
///
/// Its task runs only while there is something to write. Each runtime has its own flushers. A runtime that ends or
/// hangs therefore stops only its own connections.
pub(crate) struct Flusher {
    pending: Mutex<PendingBatches>,
    /// Whether a frame may be deferred. Read without the lock.
    has_batches: AtomicBool,
    /// The runtime of the connections. Senders can be outside of it.
    runtime: Handle,
    pub(super) sweeper: Sweeper,
}

impl Flusher {
    pub(crate) fn new(runtime: Handle, bounds: &Bounds) -> Self {
        Self {
            pending: Mutex::new(PendingBatches::new(batched_share(bounds))),
            has_batches: AtomicBool::new(false),
            runtime,
            sweeper: Sweeper::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, PendingBatches> {
        self.pending.lock()
    }

    /// Changes the pending work under its lock.
    pub(super) fn with_pending<T>(&self, change: impl FnOnce(&mut PendingBatches) -> T) -> T {
        let mut pending = self.lock();
        let result = change(&mut pending);
        self.has_batches.store(pending.has_batches(), Ordering::Release);
        result
    }

    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Queues the deferred frames for `live`, so that the next queued frame comes after them.
    #[inline]
    pub(crate) fn catch_up(&self, live: &Arc<Live>) {
        if self.has_batches.load(Ordering::Acquire) {
            self.lock().catch_up(live);
        }
    }

    /// Schedules a flush of `live`.
    pub(crate) fn schedule(self: &Arc<Self>, live: &Arc<Live>) {
        let mut pending = self.lock();
        pending.schedule(live);
        self.start_with(pending);
    }

    /// Starts the task if there is pending work and no task.
    pub(crate) fn start(self: &Arc<Self>) {
        self.start_with(self.lock());
    }

    fn start_with(self: &Arc<Self>, mut pending: MutexGuard<'_, PendingBatches>) {
        let finished = pending.take_finished();
        let is_needed = !pending.is_running && !pending.is_empty();
        pending.is_running |= is_needed;
        drop(pending);
        if is_needed {
            self.spawn(FlushTask::new(self.clone()).run());
        }
        drop(finished);
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

/// The task of a flusher.
///
/// Its runtime can end, or it can panic. It is then dropped before its work is finished, and the drivers write the
/// queues of the connections that it has not visited.
struct FlushTask {
    flusher: Arc<Flusher>,
    work: Option<Work>,
    /// The index of the next connection to visit for this work.
    next: usize,
    /// Number of connections visited for this work.
    visited: usize,
    is_finished: bool,
}

impl FlushTask {
    const fn new(flusher: Arc<Flusher>) -> Self {
        Self {
            flusher,
            work: None,
            next: 0,
            visited: 0,
            is_finished: false,
        }
    }

    /// Works until nothing is pending.
    async fn run(mut self) {
        // Tasks that are about to send go first, so that their frames are written together.
        yield_now().await;
        let mut pause = Pause::default();
        while self.take_next() {
            while let Some(written) = self.flush_next() {
                if pause.is_due_after(written) {
                    yield_now().await;
                    self.extend_work();
                }
            }
        }
    }

    /// Takes the next work. Returns `false` if nothing is pending.
    fn take_next(&mut self) -> bool {
        let (next, finished) = self.flusher.with_pending(|pending| {
            let next = pending.next();
            pending.is_running = next.is_some();
            (next, pending.take_finished())
        });
        self.is_finished = next.is_none();
        // Dropping the previous work runs user code, so it happens outside the lock, as for `finished`.
        self.begin(next);
        drop(finished);
        !self.is_finished
    }

    fn begin(&mut self, work: Option<Work>) {
        self.next = work.as_ref().map_or(0, Work::start);
        self.visited = 0;
        self.work = work;
    }

    /// Adds the frames that were deferred during a pause to the current batch.
    fn extend_work(&mut self) {
        let visited = self.visited;
        let extend = |pending: &mut PendingBatches| (pending.extend_current(visited), pending.take_finished());
        let (extended, finished) = self.flusher.with_pending(extend);
        if extended.is_some() {
            self.begin(extended);
        }
        drop(finished);
    }

    /// Does the work for the next connection. Returns the number of bytes written, or `None` if the work is done.
    fn flush_next(&mut self) -> Option<usize> {
        let work = self.work.as_ref()?;
        let connections = work.connections();
        if self.visited == connections.len() {
            return None;
        }
        let live = connections.get(self.next).or_else(|| {
            self.next = 0;
            connections.first()
        })?;
        self.next += 1;
        self.visited += 1;
        Some(match work {
            Work::Queues(_) => live.write(),
            Work::Batch(batch) if batch.is_superseded => {
                live.queue_batch(&batch.shared);
                0
            }
            Work::Batch(batch) => live.write_batch(&batch.shared),
        })
    }
}

impl Drop for FlushTask {
    fn drop(&mut self) {
        if self.is_finished {
            return;
        }
        let work = self.work.take();
        let (called, _finished) = self
            .flusher
            .with_pending(|pending| (pending.abort(), pending.take_finished()));
        let visited = work.iter().flat_map(Work::connections);
        for live in visited.chain(&called) {
            live.mailbox.leave_to_driver();
        }
    }
}

/// Counts the work since the last yield.
#[derive(Debug, Default)]
struct Pause {
    flushed: usize,
    bytes: usize,
}

impl Pause {
    /// Counts one connection and the bytes `written` to it. Returns `true` if the task must yield.
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
