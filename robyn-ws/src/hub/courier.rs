//! Writes to many connections what was queued for them, without waking each connection's own task.

use std::{
    mem::take,
    sync::{Arc, OnceLock, PoisonError},
};

use tokio::{runtime::Handle, task::yield_now};

use crate::{
    hub::{endpoint::Snapshot, live::Live},
    sync::{Mutex, MutexGuard},
};

/// How many connections are written to before other tasks get their turn. So many writes take some 100 µs.
const CONNECTIONS_PER_TURN: usize = 32;

/// Who is to be visited.
#[derive(Debug)]
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

/// The task that writes for the connections of one endpoint. There is one only while there is something to write.
#[derive(Debug, Default)]
pub(crate) struct Courier {
    agenda: Mutex<Agenda>,
    /// The runtime of the endpoint's connections. Who sends need not be in it.
    runtime: OnceLock<Handle>,
}

#[derive(Debug, Default)]
struct Agenda {
    rounds: Vec<Round>,
    /// Whether the task is there, or about to be.
    on_the_way: bool,
}

impl Courier {
    fn lock(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the courier run where the connections do.
    pub(crate) fn settle(&self) {
        if self.runtime.get().is_none()
            && let Ok(runtime) = Handle::try_current()
        {
            let _first = self.runtime.set(runtime);
        }
    }

    /// Has `live` visited.
    pub(crate) fn visit(self: &Arc<Self>, live: &Arc<Live>) {
        let mut agenda = self.lock();
        agenda.rounds.push(Round::One(live.clone()));
        self.send_out(agenda);
    }

    /// Has everybody in `group` visited.
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
        if !on_the_way && let Some(runtime) = self.runtime.get() {
            runtime.spawn(self.clone().deliver());
        }
    }

    /// Visits everybody on the agenda until it is empty.
    async fn deliver(self: Arc<Self>) {
        // First, those who are about to send get their turn: what they send is written in the same visit.
        yield_now().await;
        let mut visited = 0;
        while let Some(rounds) = self.next_rounds() {
            for live in rounds.iter().flat_map(Round::connections) {
                live.write();
                visited += 1;
                if visited % CONNECTIONS_PER_TURN == 0 {
                    yield_now().await;
                }
            }
        }
    }

    fn next_rounds(&self) -> Option<Vec<Round>> {
        let mut agenda = self.lock();
        let rounds = take(&mut agenda.rounds);
        agenda.on_the_way = !rounds.is_empty();
        agenda.on_the_way.then_some(rounds)
    }
}
