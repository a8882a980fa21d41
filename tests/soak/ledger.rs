//! What handlers did, for comparison with what clients saw: who connected and left, what was broadcast, and every
//! violation.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use robyn_ws::{CloseReason, Delivery};
use tokio::sync::oneshot;

use crate::client::{Trouble, within};

/// After so many only their number grows.
const MOST_SHOWN: u64 = 50;

/// The ledger. Clones are the same ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger(Arc<Inner>);

impl std::ops::Deref for Ledger {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

#[derive(Debug, Default)]
pub(crate) struct Inner {
    pub(crate) counts: Counts,
    next: AtomicU64,
    visitors: Mutex<HashMap<u64, Visitor>>,
    tallies: Mutex<HashMap<String, Arc<Tally>>>,
    /// What handlers broadcast on each endpoint, to be compared with what the hub counted.
    endpoints: Mutex<HashMap<String, Arc<Tally>>>,
    violations: AtomicU64,
}

/// What the progress line shows.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: Count,
    pub(crate) echoes: Count,
    pub(crate) broadcasts: Count,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, number: u64) {
        self.0.fetch_add(number, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A connection that was announced or has come, and has not left.
#[derive(Debug)]
struct Visitor {
    connected: bool,
    told: Option<oneshot::Sender<Ended>>,
}

/// How a connection ended, as its close handler saw it.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) reason: CloseReason,
    /// How many messages its handlers had got.
    pub(crate) messages: u64,
}

/// What was broadcast to a room or on an endpoint.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) broadcasts: Count,
    pub(crate) queued: Count,
    pub(crate) dropped: Count,
    pub(crate) joined: Count,
}

impl Tally {
    pub(crate) fn add(&self, delivery: Delivery) {
        self.broadcasts.add(1);
        self.queued.add(delivery.queued as u64);
        self.dropped.add(delivery.dropped as u64);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    /// Prints what must not be.
    pub(crate) fn violation(&self, what: impl AsRef<str>) {
        let earlier = self.violations.fetch_add(1, Ordering::Relaxed);
        if earlier < MOST_SHOWN {
            eprintln!("\nVIOLATION: {}", what.as_ref());
        }
    }

    pub(crate) fn violations(&self) -> u64 {
        self.violations.load(Ordering::Relaxed)
    }

    // ---- who comes and goes ---------------------------------------------------------------------------------------

    /// Gives a number to a client that will connect and wants to know how it ends.
    pub(crate) fn announce(&self) -> Ticket {
        let (tell, told) = oneshot::channel();
        let visitor = Visitor {
            connected: false,
            told: Some(tell),
        };
        let who = self.number();
        lock(&self.visitors).insert(who, visitor);
        Ticket {
            who,
            told,
            ledger: self.clone(),
        }
    }

    /// Gives a number to a client of which nobody knows whether it will ever be connected.
    pub(crate) fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Notes a connect handler.
    pub(crate) fn connected(&self, who: u64) {
        self.counts.connections.add(1);
        let mut visitors = lock(&self.visitors);
        let visitor = visitors.entry(who).or_insert(Visitor {
            connected: false,
            told: None,
        });
        if std::mem::replace(&mut visitor.connected, true) {
            self.violation(format!("the connect handler ran twice for client {who}"));
        }
    }

    /// Notes a close handler.
    pub(crate) fn closed(&self, who: u64, ended: Ended) {
        let visitor = lock(&self.visitors).remove(&who);
        match visitor {
            Some(Visitor { connected: true, told }) => {
                if let Some(told) = told {
                    let _ = told.send(ended); // The client may not wait for it.
                }
            }
            _ => self.violation(format!(
                "the close handler ran for client {who}, which had not connected or had been closed before: {ended:?}"
            )),
        }
    }

    /// Gives those whose close handler has not run.
    pub(crate) fn not_closed(&self) -> Vec<u64> {
        lock(&self.visitors).keys().copied().collect()
    }

    // ---- what was broadcast ---------------------------------------------------------------------------------------

    /// Gives the tally of a room. The first to ask opens it.
    pub(crate) fn room(&self, room: &str) -> Arc<Tally> {
        lock(&self.tallies).entry(room.to_owned()).or_default().clone()
    }

    /// Forgets a room that nobody will come to any more.
    pub(crate) fn forget_room(&self, room: &str) {
        lock(&self.tallies).remove(room);
    }

    /// Gives the tally of an endpoint.
    pub(crate) fn endpoint(&self, path: &str) -> Arc<Tally> {
        lock(&self.endpoints).entry(path.to_owned()).or_default().clone()
    }

    /// Notes a broadcast.
    pub(crate) fn broadcast(&self, path: &str, room: &str, delivery: Delivery) {
        self.counts.broadcasts.add(1);
        self.endpoint(path).add(delivery);
        self.room(room).add(delivery);
    }
}

/// A client's number, and the way to learn how its connection ended.
#[derive(Debug)]
pub(crate) struct Ticket {
    pub(crate) who: u64,
    told: oneshot::Receiver<Ended>,
    ledger: Ledger,
}

impl Ticket {
    /// Waits for the close handler.
    pub(crate) async fn ended(&mut self) -> Result<Ended, Trouble> {
        let ended = within("the close handler", &mut self.told).await?;
        ended.map_err(|_| Trouble::new("there is no close handler to wait for"))
    }

    /// Waits for the close handler, which has to see this reason.
    pub(crate) async fn ended_because(&mut self, reason: &CloseReason) -> Result<Ended, Trouble> {
        let ended = self.ended().await?;
        if ended.reason == *reason {
            return Ok(ended);
        }
        Err(Trouble::new(format!(
            "the close handler was told {:?}, expected {reason:?}",
            ended.reason
        )))
    }
}

impl Drop for Ticket {
    /// One that never connected is not waited for.
    fn drop(&mut self) {
        let mut visitors = lock(&self.ledger.visitors);
        if visitors.get(&self.who).is_some_and(|visitor| !visitor.connected) {
            visitors.remove(&self.who);
        }
    }
}
