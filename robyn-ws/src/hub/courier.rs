//! Writes to many connections what was queued for them, without waking each connection's own task.

use std::{
    fmt,
    mem::take,
    ops::Range,
    sync::{Arc, PoisonError},
};

use futures_util::future::join_all;
use tokio::{
    runtime::Handle,
    task::{JoinHandle, yield_now},
};

use crate::{
    hub::{endpoint::Snapshot, live::Live, sweep::Sweeper},
    sync::{Mutex, MutexGuard},
};

/// How many connections are written to before other tasks get their turn. So many writes take some 100 µs.
const CONNECTIONS_PER_TURN: usize = 32;

/// How many bytes are written before other tasks get their turn.
const BYTES_PER_TURN: usize = 256 * 1024;

/// How many connections of a group one task writes to. What is beyond is given to further tasks, which other threads can
/// run. With two of them, a broadcast to 10,000 takes little more than half of the time; one to 1,000 gains nothing.
const SHARD: usize = 4096;

/// Who is to be visited.
#[derive(Clone, Debug)]
enum Round {
    One(Arc<Live>),
    Group(Snapshot),
}

impl Round {
    fn connections(&self) -> &[Arc<Live>] {
        match self {
            Self::One(live) => std::slice::from_ref(live),
            Self::Group(snapshot) => snapshot,
        }
    }

    fn is_group(&self, group: &Snapshot) -> bool {
        matches!(self, Self::Group(known) if Arc::ptr_eq(known, group))
    }
}

/// Writes for the connections of one endpoint that live in one runtime. There is a task only while there is something to
/// write. Each runtime has a courier of its own, so that one that ends or stands still takes only its own connections
/// with it.
pub(crate) struct Courier {
    agenda: Mutex<Agenda>,
    /// The runtime of the connections. The sender need not be in it.
    runtime: Handle,
    pub(super) sweeper: Sweeper,
}

#[derive(Debug, Default)]
struct Agenda {
    rounds: Vec<Round>,
    /// Whether the task is there, or about to be.
    on_the_way: bool,
}

impl Courier {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self {
            agenda: Mutex::default(),
            runtime,
            sweeper: Sweeper::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the runtime of the connections.
    pub(crate) const fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Has `live` visited.
    pub(crate) fn visit(self: &Arc<Self>, live: &Arc<Live>) {
        let mut agenda = self.lock();
        agenda.rounds.push(Round::One(live.clone()));
        self.send_out(agenda);
    }

    /// Has everybody in `group` visited whose courier this is.
    pub(crate) fn visit_group(self: &Arc<Self>, group: &Snapshot) {
        let mut agenda = self.lock();
        // The visit that is to come takes everything along.
        if !agenda.rounds.last().is_some_and(|last| last.is_group(group)) {
            agenda.rounds.push(Round::Group(group.clone()));
        }
        self.send_out(agenda);
    }

    fn send_out(self: &Arc<Self>, mut agenda: MutexGuard<'_, Agenda>) {
        let on_the_way = std::mem::replace(&mut agenda.on_the_way, true);
        drop(agenda);
        if !on_the_way {
            self.runtime.spawn(Trip::new(self.clone()).run());
        }
    }
}

impl fmt::Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// The task of a courier. If it is dropped on its way, because its runtime ends or something panics, the drivers of those
/// who were not visited write what is queued.
struct Trip {
    courier: Arc<Courier>,
    /// What was taken from the agenda, the next at the end.
    rounds: Vec<Round>,
    is_over: bool,
}

impl Trip {
    const fn new(courier: Arc<Courier>) -> Self {
        Self {
            courier,
            rounds: Vec::new(),
            is_over: false,
        }
    }

    /// Visits everybody on the agenda until it is empty.
    async fn run(mut self) {
        // First, those who are about to send get their turn: what they send is written in the same visit.
        yield_now().await;
        let mut pause = Pause::default();
        while let Some(round) = self.next_round() {
            let length = round.connections().len();
            let further = (length > SHARD).then(|| Box::pin(join_all(self.share(&round))));
            self.visit(&round, 0..length.min(SHARD)).run(&mut pause).await;
            if let Some(further) = further {
                further.await;
            }
        }
    }

    /// Has all shards of a round but the first visited by tasks of their own.
    fn share(&self, round: &Round) -> Vec<JoinHandle<()>> {
        let length = round.connections().len();
        let shards = (SHARD..length).step_by(SHARD).map(|start| {
            let visit = self.visit(round, start..length.min(start + SHARD));
            self.courier.runtime.spawn(visit.run_alone())
        });
        shards.collect()
    }

    fn visit(&self, round: &Round, range: Range<usize>) -> Visit {
        Visit {
            courier: self.courier.clone(),
            round: round.clone(),
            range,
        }
    }

    fn next_round(&mut self) -> Option<Round> {
        if self.rounds.is_empty() {
            let mut agenda = self.courier.lock();
            self.rounds = take(&mut agenda.rounds);
            agenda.on_the_way = !self.rounds.is_empty();
            self.is_over = !agenda.on_the_way;
            self.rounds.reverse();
        }
        self.rounds.pop()
    }
}

impl Drop for Trip {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut agenda = self.courier.lock();
        agenda.on_the_way = false;
        self.rounds.append(&mut agenda.rounds);
        drop(agenda);
        for round in take(&mut self.rounds) {
            let range = 0..round.connections().len();
            // Dropped without having been run.
            drop(self.visit(&round, range));
        }
    }
}

/// A visit to some connections of a round. Dropped, it leaves those that were not visited to their drivers.
struct Visit {
    courier: Arc<Courier>,
    round: Round,
    /// Who was not visited.
    range: Range<usize>,
}

impl Visit {
    async fn run_alone(self) {
        self.run(&mut Pause::default()).await;
    }

    fn next(&mut self) -> Option<usize> {
        self.range.next()
    }

    async fn run(mut self, pause: &mut Pause) {
        // The range is what is left, also when this is dropped while it pauses.
        while let Some(index) = self.next() {
            let live = &self.round.connections()[index];
            if live.is_served_by(&self.courier) && pause.is_due_after(live.write()) {
                yield_now().await;
            }
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        for live in &self.round.connections()[self.range.clone()] {
            if live.is_served_by(&self.courier) {
                live.mailbox.leave_to_driver();
            }
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
