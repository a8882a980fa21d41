//! Writes to many connections what was queued for them, without waking each connection's own task.

use std::{
    mem::take,
    sync::{Arc, OnceLock, PoisonError},
};

use futures_util::future::join_all;
use tokio::{
    runtime::Handle,
    task::{JoinHandle, yield_now},
};

use crate::{
    hub::{endpoint::Snapshot, live::Live},
    sync::{Mutex, MutexGuard},
};

/// How many connections are written to before other tasks get their turn. So many writes take some 100 µs.
const CONNECTIONS_PER_TURN: usize = 32;

/// How many connections of a group one task writes to. What is beyond is given to further tasks, which other threads can
/// run. With two of them, a broadcast to 10,000 takes little more than half of the time; one to 1,000 gains nothing.
const SHARD: usize = 4096;

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

    /// Has all shards but the first visited by tasks of their own.
    fn share_out(&self) -> Vec<JoinHandle<()>> {
        let Self::Group(group) = self else { return Vec::new() };
        (SHARD..group.len())
            .step_by(SHARD)
            .map(|start| {
                let group = group.clone();
                tokio::spawn(async move {
                    let end = group.len().min(start + SHARD);
                    Visitor::default().visit(&group[start..end]).await;
                })
            })
            .collect()
    }

    fn is_group(&self, group: &Snapshot) -> bool {
        matches!(self, Self::Group(known) if Arc::ptr_eq(known, group))
    }
}

/// Writes to connections, and lets other tasks have their turn in between.
#[derive(Debug, Default)]
struct Visitor {
    visited: usize,
}

impl Visitor {
    async fn visit(&mut self, connections: &[Arc<Live>]) {
        for live in connections {
            live.write();
            self.visited += 1;
            if self.visited.is_multiple_of(CONNECTIONS_PER_TURN) {
                yield_now().await;
            }
        }
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
        let mut visitor = Visitor::default();
        while let Some(rounds) = self.next_rounds() {
            for round in &rounds {
                let others = round.share_out();
                let first = round.connections();
                visitor.visit(&first[..first.len().min(SHARD)]).await;
                join_all(others).await;
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
