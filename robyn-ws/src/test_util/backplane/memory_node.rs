//! A node of a bus in memory.

use std::{future::ready, time::Duration};

use bytes::Bytes;
use tokio::{
    select,
    sync::mpsc,
    task::AbortHandle,
    time::{Instant, sleep_until},
};

use crate::{
    backplane::{Backplane, BackplaneError, BackplaneFuture, Health, Inbox, Interest, Subject},
    test_util::backplane::memory_bus::{MemoryBus, Queued},
    util::sync::Mutex,
};

const MAX_PAYLOAD: usize = 1024 * 1024;

/// Number of payloads that are passed on at once.
const TURN: usize = 1024;

/// How long a task without delayed payloads sleeps at most.
const LONG: Duration = Duration::from_hours(1);

/// A node of a [`MemoryBus`], from [`MemoryBus::node`].
#[derive(Debug)]
pub struct MemoryNode {
    bus: MemoryBus,
    number: u64,
    task: Mutex<Option<AbortHandle>>,
}

impl MemoryBus {
    /// Creates a node on the bus.
    pub fn node(&self) -> MemoryNode {
        MemoryNode::new(self.clone(), self.add_node())
    }

    /// Cuts a node off: it is down, and loses its interests. [`heal`](Self::heal) connects it again.
    ///
    /// An app takes its backplane, so a test keeps an `Arc` of it:
    ///
    /// ```standalone_crate
    /// use std::sync::Arc;
    ///
    /// use robyn_ws::{prelude::*, test_util::{TestApp, backplane::MemoryBus}};
    ///
    /// #[websocket("/news", on = "connect")]
    /// fn enter() {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let bus = MemoryBus::new();
    /// let (one, other) = (Arc::new(bus.node()), Arc::new(bus.node()));
    /// let here = TestApp::new(App::new().backplane(one.clone()));
    /// let there = TestApp::new(App::new().backplane(other));
    /// let mut reader = there.connect("/news").await.unwrap();
    /// let news = here.hub().endpoint("/news");
    ///
    /// here.expect_node(&there).await;
    /// assert_eq!(news.sync_broadcast("before").backplane, BackplaneDelivery::Queued);
    /// assert_eq!(reader.receive_text().await, "before");
    ///
    /// bus.cut(&one);
    /// assert_eq!(news.sync_broadcast("meanwhile").backplane, BackplaneDelivery::Unavailable);
    ///
    /// bus.heal();
    /// here.expect_node(&there).await;
    /// news.sync_broadcast("after");
    /// assert_eq!(reader.receive_text().await, "after");
    /// # }
    /// ```
    pub fn cut(&self, node: &MemoryNode) {
        self.cut_off(node.number());
    }
}

impl MemoryNode {
    pub(super) fn new(bus: MemoryBus, number: u64) -> Self {
        Self {
            bus,
            number,
            task: Mutex::default(),
        }
    }

    pub(super) const fn number(&self) -> u64 {
        self.number
    }
}

impl Backplane for MemoryNode {
    fn open(&self, inbox: Inbox) {
        if let Some(queue) = self.bus.open(self.number, inbox.clone()) {
            let task = tokio::spawn(read(queue, inbox));
            *self.task.lock() = Some(task.abort_handle());
        }
    }

    fn publish(&self, subject: Subject, payload: Bytes) -> BackplaneFuture<'_> {
        let length = payload.len();
        if length > MAX_PAYLOAD {
            let error =
                format!("a payload of {length} bytes exceeds the limit of the bus in memory, {MAX_PAYLOAD} bytes");
            return Box::pin(ready(Err(BackplaneError::failed(error))));
        }
        Box::pin(async move { self.bus.publish(self.number, subject, &payload) })
    }

    fn subscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        Box::pin(async move { self.bus.change(self.number, |all| all.extend(interests)) })
    }

    fn unsubscribe(&self, interests: Vec<Interest>) -> BackplaneFuture<'_> {
        Box::pin(async move {
            self.bus
                .change(self.number, |all| all.retain(|interest| !interests.contains(interest)))
        })
    }

    fn health(&self) -> Health {
        if self.bus.is_cut(self.number) {
            Health::Down
        } else {
            Health::Up
        }
    }

    fn max_payload(&self) -> usize {
        MAX_PAYLOAD
    }
}

impl Drop for MemoryNode {
    fn drop(&mut self) {
        self.bus.remove(self.number);
        if let Some(task) = self.task.lock().take() {
            task.abort();
        }
    }
}

/// Passes payloads on when their time has come.
async fn read(mut queue: mpsc::Receiver<Queued>, inbox: Inbox) {
    let mut come = Vec::new();
    let mut delayed: Vec<Queued> = Vec::new();
    loop {
        let next = delayed.iter().map(|(time, _)| *time).min();
        select! {
            count = queue.recv_many(&mut come, TURN) => if count == 0 {
                return;
            },
            () = sleep_until(next.unwrap_or_else(|| Instant::now() + LONG)) => {}
        }
        let now = Instant::now();
        let mut due: Vec<Queued> = delayed.extract_if(.., |(time, _)| *time <= now).collect();
        // Stable, so payloads without a delay keep their order.
        due.sort_by_key(|(time, _)| *time);
        for queued in come.drain(..) {
            if queued.0 <= now {
                due.push(queued);
            } else {
                delayed.push(queued);
            }
        }
        inbox.deliver(due.into_iter().map(|(_, payload)| payload));
    }
}
