//! A bus in memory, as a user would write one, with faults on request.

use std::{
    mem,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Bytes;
use futures_util::{FutureExt, future::BoxFuture};
use robyn_ws::{Backplane, BackplaneError, Health, Inbox, Interest, Subject};
use robyn_ws_tests::{Gate, until};

/// What is done with each payload before it is delivered.
type Fault = Box<dyn Fn(Bytes) -> Vec<Bytes> + Send + Sync>;

/// A bus that connects the nodes of one process.
#[derive(Clone, Default)]
pub(crate) struct Bus(Arc<Shared>);

#[derive(Default)]
struct Shared {
    nodes: Mutex<Vec<Member>>,
    fault: Mutex<Option<Fault>>,
    /// All that was published, in order.
    published: Mutex<Vec<(Subject, Bytes)>>,
    is_down: AtomicBool,
    panics: AtomicBool,
    /// What new subscriptions wait for.
    gate: Mutex<Option<Gate>>,
}

#[derive(Default)]
struct Member {
    inbox: Option<Inbox>,
    interests: Vec<Interest>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bus {
    /// Creates a node on the bus.
    pub(crate) fn node(&self) -> BusNode {
        let mut nodes = lock(&self.0.nodes);
        nodes.push(Member::default());
        BusNode {
            bus: self.clone(),
            number: nodes.len() - 1,
        }
    }

    /// Waits until so many nodes get what is published to the subject of an interest that `is` one, all in all.
    pub(crate) async fn wait_for_interests(&self, number: usize) {
        let count = || {
            lock(&self.0.nodes)
                .iter()
                .map(|node| node.interests.len())
                .sum::<usize>()
        };
        until(&format!("{number} interests"), || count() == number).await;
    }

    /// Changes all payloads from now on.
    pub(crate) fn set_fault(&self, fault: impl Fn(Bytes) -> Vec<Bytes> + Send + Sync + 'static) {
        *lock(&self.0.fault) = Some(Box::new(fault));
    }

    /// Has the next call of `publish` panic.
    pub(crate) fn panic_once(&self) {
        self.0.panics.store(true, Ordering::SeqCst);
    }

    /// Has new subscriptions wait at a gate, each call of `subscribe` once.
    pub(crate) fn hold_subscriptions(&self) -> Gate {
        let gate = Gate::default();
        *lock(&self.0.gate) = Some(gate.clone());
        gate
    }

    /// Returns what was published since the last call.
    pub(crate) fn published(&self) -> Vec<(Subject, Bytes)> {
        mem::take(&mut lock(&self.0.published))
    }

    /// Publishes as somebody who is no node.
    pub(crate) fn inject(&self, subject: Subject, payload: &Bytes) {
        self.deliver(subject, payload);
    }

    /// Takes the bus down, or brings it up. When it is up again, it knows no interest.
    pub(crate) fn set_down(&self, is_down: bool) {
        self.0.is_down.store(is_down, Ordering::SeqCst);
        let mut nodes = lock(&self.0.nodes);
        nodes.iter_mut().for_each(|node| node.interests.clear());
        let inboxes: Vec<_> = nodes.iter().filter_map(|node| node.inbox.clone()).collect();
        drop(nodes);
        let health = if is_down { Health::Down } else { Health::Up };
        for inbox in inboxes {
            inbox.health_changed(health);
        }
    }

    fn deliver(&self, subject: Subject, payload: &Bytes) {
        let payloads = match &*lock(&self.0.fault) {
            Some(fault) => fault(payload.clone()),
            None => vec![payload.clone()],
        };
        // Each interest is a subscription of its own, so a node with two of them gets it twice.
        let subscriptions = |node: &Member| {
            let number = node
                .interests
                .iter()
                .filter(|interest| interest.includes(subject))
                .count();
            node.inbox.clone().map(|inbox| (inbox, number))
        };
        let nodes: Vec<_> = lock(&self.0.nodes).iter().filter_map(subscriptions).collect();
        for (inbox, number) in nodes {
            for _ in 0..number {
                inbox.deliver(payloads.clone());
            }
        }
    }
}

/// A node on the bus.
pub(crate) struct BusNode {
    bus: Bus,
    number: usize,
}

impl BusNode {
    fn change(&self, change: impl FnOnce(&mut Vec<Interest>)) -> Result<(), BackplaneError> {
        if self.health() == Health::Down {
            return Err(BackplaneError::Disconnected);
        }
        change(&mut lock(&self.bus.0.nodes)[self.number].interests);
        Ok(())
    }
}

impl Backplane for BusNode {
    fn open(&self, inbox: Inbox) {
        lock(&self.bus.0.nodes)[self.number].inbox = Some(inbox);
    }

    fn publish(&self, subject: Subject, payload: Bytes) -> BoxFuture<'_, Result<(), BackplaneError>> {
        let panics = self.bus.0.panics.swap(false, Ordering::SeqCst);
        assert!(!panics, "a mistake of the bus");
        async move {
            if self.health() == Health::Down {
                return Err(BackplaneError::Disconnected);
            }
            lock(&self.bus.0.published).push((subject, payload.clone()));
            self.bus.deliver(subject, &payload);
            Ok(())
        }
        .boxed()
    }

    fn subscribe(&self, interests: Vec<Interest>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        let gate = lock(&self.bus.0.gate).clone();
        async move {
            if let Some(gate) = gate {
                gate.pass().await;
            }
            self.change(|known| {
                known.retain(|known| !interests.contains(known));
                known.extend(interests);
            })
        }
        .boxed()
    }

    fn unsubscribe(&self, interests: Vec<Interest>) -> BoxFuture<'_, Result<(), BackplaneError>> {
        let unsubscribed = self.change(|known| known.retain(|known| !interests.contains(known)));
        async { unsubscribed }.boxed()
    }

    fn health(&self) -> Health {
        if self.bus.0.is_down.load(Ordering::SeqCst) {
            Health::Down
        } else {
            Health::Up
        }
    }

    fn max_payload(&self) -> usize {
        1024 * 1024
    }
}

impl std::fmt::Debug for BusNode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BusNode")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}
