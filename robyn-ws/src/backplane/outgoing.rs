//! The queue of what this node publishes.

use std::{collections::VecDeque, mem, time::Duration};

use tokio::sync::Notify;

use crate::{
    backplane::subject::Subject,
    util::{sync::Mutex, time::Moment},
};

/// The longest time that something waits to be published. It would come too late.
pub(super) const MAX_AGE: Duration = Duration::from_secs(1);

/// What is published: to whom, and the encoded body.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) subject: Subject,
    pub(super) body: Vec<u8>,
    queued_at: Moment,
}

impl Outgoing {
    pub(super) fn is_too_old(&self, now: Moment) -> bool {
        now.since(self.queued_at) > MAX_AGE
    }
}

/// The queue of what this node publishes, bounded in number and bytes.
#[derive(Debug)]
pub(super) struct OutgoingQueue {
    queued: Mutex<Queued>,
    changed: Notify,
    idle: Notify,
    max_messages: usize,
    max_bytes: usize,
}

#[derive(Debug, Default)]
struct Queued {
    queue: VecDeque<Outgoing>,
    bytes: usize,
    /// Whether the last one that was taken is being published.
    is_publishing: bool,
}

impl OutgoingQueue {
    pub(super) fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            queued: Mutex::default(),
            changed: Notify::new(),
            idle: Notify::new(),
            max_messages,
            max_bytes,
        }
    }

    /// Queues something. Returns `false` if there is no room.
    pub(super) fn push(&self, subject: Subject, body: Vec<u8>) -> bool {
        let queued_at = Moment::now();
        let mut queued = self.queued.lock();
        if queued.queue.len() >= self.max_messages || queued.bytes + body.len() > self.max_bytes {
            return false;
        }
        queued.bytes += body.len();
        queued.queue.push_back(Outgoing {
            subject,
            body,
            queued_at,
        });
        drop(queued);
        self.changed.notify_one();
        true
    }

    /// Waits for something, and takes it. [`Self::done`] must follow.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, nothing was taken.
    pub(super) async fn next(&self) -> Outgoing {
        loop {
            if let Some(next) = self.pop() {
                return next;
            }
            self.changed.notified().await;
        }
    }

    fn pop(&self) -> Option<Outgoing> {
        let mut queued = self.queued.lock();
        let next = queued.queue.pop_front()?;
        queued.bytes -= next.body.len();
        queued.is_publishing = true;
        Some(next)
    }

    /// Drops everything. Returns its number.
    pub(super) fn clear(&self) -> usize {
        let mut queued = self.queued.lock();
        queued.bytes = 0;
        mem::take(&mut queued.queue).len()
    }

    /// Says that what was taken is published, or has failed.
    pub(super) fn done(&self) {
        let mut queued = self.queued.lock();
        queued.is_publishing = false;
        if queued.queue.is_empty() {
            self.idle.notify_waiters();
        }
    }

    /// Waits until everything is published, or has failed.
    pub(super) async fn idle(&self) {
        let idle = self.idle.notified();
        let is_idle = {
            let queued = self.queued.lock();
            queued.queue.is_empty() && !queued.is_publishing
        };
        if !is_idle {
            idle.await;
        }
    }
}
