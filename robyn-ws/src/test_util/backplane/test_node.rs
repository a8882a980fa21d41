//! A node without an app.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::{
    backplane::{Backplane, Health, Inbox, Interest, Receive, Subject},
    test_util::{backplane::within, expectation::Expectation},
    util::sync::Mutex,
};

/// A node without an app: an open backplane, and what has come by it.
///
/// ```
/// use robyn_ws::{Interest, test_util::backplane::{MemoryBus, TestNode, subject}};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let bus = MemoryBus::new();
/// let (one, other) = (TestNode::open(bus.node()).await, TestNode::open(bus.node()).await);
/// let subject = subject();
/// other.subscribe(Interest::Subject(subject)).await;
/// one.publish(subject, "hello").await;
/// assert_eq!(other.receive().await, "hello");
/// # }
/// ```
///
/// Each wait panics after [`TIMEOUT`](crate::test_util::TIMEOUT) of real time.
#[derive(Debug)]
pub struct TestNode<B> {
    backplane: B,
    received: Arc<Received>,
}

#[derive(Debug, Default)]
struct Received {
    state: Mutex<State>,
    /// Held while nothing is read.
    reading: Mutex<()>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    payloads: VecDeque<Bytes>,
    lost: u64,
    /// All changes.
    health: Vec<Health>,
}

impl<B: Backplane> TestNode<B> {
    /// Opens a backplane, and waits until it is up.
    #[track_caller]
    pub fn open(backplane: B) -> impl Future<Output = Self> + Send {
        Expectation::new(async {
            let node = Self::open_at_once(backplane);
            node.until(Health::Up).await?;
            Ok(node)
        })
    }

    /// Opens a backplane.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, if the backplane needs one.
    pub fn open_at_once(backplane: B) -> Self {
        let received = Arc::new(Received::default());
        backplane.open(Inbox::new(received.clone()));
        Self { backplane, received }
    }

    /// Returns the backplane.
    pub const fn backplane(&self) -> &B {
        &self.backplane
    }

    /// Adds an interest.
    ///
    /// # Panics
    ///
    /// If the backplane fails.
    #[track_caller]
    pub fn subscribe(&self, interest: Interest) -> impl Future<Output = ()> + Send {
        let subscribing = self.backplane.subscribe(vec![interest]);
        Expectation::new(async move {
            let outcome = within("subscribe", subscribing).await?;
            outcome.map_err(|error| format!("subscribe: {error}"))
        })
    }

    /// Removes an interest.
    ///
    /// # Panics
    ///
    /// If the backplane fails.
    #[track_caller]
    pub fn unsubscribe(&self, interest: Interest) -> impl Future<Output = ()> + Send {
        let unsubscribing = self.backplane.unsubscribe(vec![interest]);
        Expectation::new(async move {
            let outcome = within("unsubscribe", unsubscribing).await?;
            outcome.map_err(|error| format!("unsubscribe: {error}"))
        })
    }

    /// Publishes a payload.
    ///
    /// # Panics
    ///
    /// If the backplane fails.
    #[track_caller]
    pub fn publish(&self, subject: Subject, payload: impl Into<Bytes>) -> impl Future<Output = ()> + Send {
        let publishing = self.backplane.publish(subject, payload.into());
        Expectation::new(async move {
            let outcome = within("publish", publishing).await?;
            outcome.map_err(|error| format!("publish: {error}"))
        })
    }

    /// Waits for the next payload.
    #[track_caller]
    pub fn receive(&self) -> impl Future<Output = Bytes> + Send {
        let next = self.wait_for(|state| state.payloads.pop_front());
        Expectation::new(within("a payload", next))
    }

    /// Waits until the backplane has said that it is up, or down, and is so.
    #[track_caller]
    pub fn expect_health(&self, health: Health) -> impl Future<Output = ()> + Send {
        Expectation::new(self.until(health))
    }

    async fn until(&self, health: Health) -> Result<(), String> {
        let is_so = |state: &mut State| {
            let said = state.health.last().copied();
            let is_so = said.is_none_or(|said| said == health) && self.backplane.health() == health;
            is_so.then_some(())
        };
        within(&format!("the health {health:?}"), self.wait_for(is_so)).await
    }

    /// Takes the payloads that have come.
    pub fn take_received(&self) -> Vec<Bytes> {
        self.received.state.lock().payloads.drain(..).collect()
    }

    /// Blocks the thread that delivers payloads, until the returned guard is dropped.
    pub fn stop_reading(&self) -> impl Drop {
        self.received.reading.lock()
    }

    /// Returns how many payloads the backplane has dropped.
    pub fn lost(&self) -> u64 {
        self.received.state.lock().lost
    }

    /// Returns all changes of the health.
    pub fn health_changes(&self) -> Vec<Health> {
        self.received.state.lock().health.clone()
    }

    /// Drops the backplane, and waits until nothing of it holds its inbox.
    #[track_caller]
    pub fn close(self) -> impl Future<Output = ()> + Send {
        let Self { backplane, received } = self;
        Expectation::new(async move {
            drop(backplane);
            let released = async {
                while Arc::strong_count(&received) > 1 {
                    tokio::task::yield_now().await;
                }
            };
            within("the dropped backplane to release its inbox", released).await
        })
    }

    async fn wait_for<T>(&self, mut condition: impl FnMut(&mut State) -> Option<T>) -> T {
        loop {
            let changed = self.received.changed.notified();
            let met = condition(&mut self.received.state.lock());
            match met {
                Some(value) => return value,
                None => changed.await,
            }
        }
    }
}

impl Received {
    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock());
        self.changed.notify_waiters();
    }
}

impl Receive for Received {
    fn receive(&self, payloads: &mut dyn Iterator<Item = Bytes>) {
        drop(self.reading.lock());
        self.change(|state| state.payloads.extend(payloads));
    }

    fn health_changed(&self, health: Health) {
        self.change(|state| state.health.push(health));
    }

    fn lost(&self, payloads: u64) {
        self.change(|state| state.lost += payloads);
    }
}
