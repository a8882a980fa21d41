//! Hands broadcasts to many connections, and writes what was queued for them, without waking each connection's own task.

use std::{
    fmt,
    sync::{Arc, PoisonError, atomic::Ordering},
};

use tokio::{runtime::Handle, task::yield_now};

use crate::{
    hub::{
        live::Live,
        round::{Errand, Log},
        sweep::Sweeper,
    },
    mailbox::rounds::rounds_share,
    types::limits::Bounds,
    util::sync::{AtomicBool, Mutex, MutexGuard},
    wire::frame::Load,
};

/// How many connections are written to before other tasks get their turn. So many writes take some 100 µs.
const CONNECTIONS_PER_TURN: usize = if cfg!(races) { 1 } else { 32 };

/// How many bytes are written before other tasks get their turn.
const BYTES_PER_TURN: usize = 256 * 1024;

/// Writes for some connections of one endpoint that live in one runtime. There is a task only while there is something to
/// write. Each runtime has couriers of its own, so that one that ends or stands still takes only its own connections with
/// it.
pub(crate) struct Courier {
    log: Mutex<Log>,
    /// Whether something may be put off.
    has_rounds: AtomicBool,
    /// How much is put off at most.
    limit: Load,
    /// The runtime of the connections. The sender need not be in it.
    runtime: Handle,
    pub(super) sweeper: Sweeper,
}

impl Courier {
    pub(crate) fn new(runtime: Handle, bounds: &Bounds) -> Self {
        Self {
            log: Mutex::default(),
            has_rounds: AtomicBool::new(false),
            limit: rounds_share(bounds),
            runtime,
            sweeper: Sweeper::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the log.
    pub(super) fn with_log<T>(&self, change: impl FnOnce(&mut Log, Load) -> T) -> T {
        let mut log = self.lock();
        let result = change(&mut log, self.limit);
        self.has_rounds.store(log.has_rounds(), Ordering::Release);
        result
    }

    /// Returns the runtime of the connections.
    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Queues what is put off for `live`, so that whatever is queued next comes after it.
    #[inline]
    pub(crate) fn catch_up(&self, live: &Arc<Live>) {
        if self.has_rounds.load(Ordering::Acquire) {
            self.lock().catch_up(live);
        }
    }

    /// Has `live` visited.
    pub(crate) fn visit(self: &Arc<Self>, live: &Arc<Live>) {
        let mut log = self.lock();
        log.visit(live);
        self.send_out_for(log);
    }

    /// Sees to it that what is to be done is done.
    pub(crate) fn send_out(self: &Arc<Self>) {
        self.send_out_for(self.lock());
    }

    fn send_out_for(self: &Arc<Self>, mut log: MutexGuard<'_, Log>) {
        let done = log.take_done();
        let is_needed = !log.is_on_the_way && !log.is_empty();
        log.is_on_the_way |= is_needed;
        drop(log);
        if is_needed {
            self.spawn(Trip::new(self.clone()).run());
        }
        drop(done);
    }

    #[cfg(not(all(test, races)))]
    fn spawn(&self, trip: impl Future<Output = ()> + Send + 'static) {
        self.runtime.spawn(trip);
    }

    #[cfg(all(test, races))]
    fn spawn(&self, trip: impl Future<Output = ()> + Send + 'static) {
        super::races::spawn(trip);
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// The task of a courier. If it is dropped on its way, because its runtime ends or something panics, the drivers of those
/// whom it has not come to write what is queued.
struct Trip {
    courier: Arc<Courier>,
    errand: Option<Errand>,
    is_over: bool,
}

impl Trip {
    const fn new(courier: Arc<Courier>) -> Self {
        Self {
            courier,
            errand: None,
            is_over: false,
        }
    }

    /// Does what is in the log until it is empty.
    async fn run(mut self) {
        // First, those who are about to send get their turn: what they send is written together.
        yield_now().await;
        let mut pause = Pause::default();
        while let Some(length) = self.next_errand() {
            for index in 0..length {
                if pause.is_due_after(self.call_on(index)) {
                    yield_now().await;
                }
            }
        }
    }

    /// Takes the next errand from the log, if there is one. Returns how many connections it is for.
    fn next_errand(&mut self) -> Option<usize> {
        let (next, done) = self.courier.with_log(|log, _| {
            let next = log.next();
            log.is_on_the_way = next.is_some();
            (next, log.take_done())
        });
        self.is_over = next.is_none();
        // Without a lock, as `done`.
        self.errand = next;
        drop(done);
        self.errand.as_ref().map(|errand| errand.connections().len())
    }

    /// Does the errand for one of its connections. Returns how many bytes were written.
    fn call_on(&self, index: usize) -> usize {
        let Some(errand) = &self.errand else { return 0 };
        let live = &errand.connections()[index];
        match errand {
            Errand::Visit(_) => live.write(),
            Errand::Round(round) if round.is_repeated => {
                live.settle(&round.batch);
                0
            }
            Errand::Round(round) => live.hand(&round.batch),
        }
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let errand = self.errand.take();
        let (called, _done) = self.courier.with_log(|log, _| (log.abandon(), log.take_done()));
        let visits = errand.iter().flat_map(Errand::connections);
        for live in visits.chain(&called) {
            live.mailbox.leave_to_driver();
        }
    }
}

/// Counts what was done since other tasks had their turn.
#[derive(Debug, Default)]
struct Pause {
    visited: usize,
    bytes: usize,
}

impl Pause {
    /// Counts a visit. Returns `true` if it is time for a pause.
    const fn is_due_after(&mut self, written: usize) -> bool {
        self.visited += 1;
        self.bytes += written;
        let is_due = self.visited == CONNECTIONS_PER_TURN || self.bytes >= BYTES_PER_TURN;
        if is_due {
            (self.visited, self.bytes) = (0, 0);
        }
        is_due
    }
}
