//! The queue of what this node publishes.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    time::Duration,
};

use tokio::sync::Notify;

use crate::{
    backplane::subject::Subject,
    util::{sync::Mutex, time::Moment},
};

/// The longest time that something waits to be published. It would come too late.
pub(super) const MAX_AGE: Duration = Duration::from_secs(1);

/// The bounds of what nodes tell each other of themselves and their people, in number and bytes.
const MAX_TOLD: usize = 8 * 1024;
const MAX_TOLD_BYTES: usize = 8 * 1024 * 1024;

/// Number of what nodes tell each other before a message has its turn.
const TOLD_IN_ROW: u8 = 16;

/// What is published: to whom, and the encoded body.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub(super) subject: Subject,
    pub(super) body: Vec<u8>,
    queued_at: Moment,
    /// The recipients and the key of a keyed broadcast, as they are encoded.
    key: Option<Box<[u8]>>,
}

impl Outgoing {
    pub(super) fn is_too_old(&self, now: Moment) -> bool {
        now.since(self.queued_at) > MAX_AGE
    }
}

/// Where something is queued. Each lane has its own bounds, so that messages never hold up the signs of life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    /// What nodes tell each other of themselves and their people. It is published first.
    Told,
    /// What is for connections.
    Messages,
}

/// The queue of what this node publishes, bounded in number and bytes.
#[derive(Debug)]
pub(super) struct OutgoingQueue {
    queued: Mutex<Queued>,
    changed: Notify,
    idle: Notify,
}

#[derive(Debug)]
struct Queued {
    told: Queue,
    messages: Queue,
    /// Number of the last ones that were told and no messages.
    told_in_row: u8,
    /// Whether the last one that was taken is being published.
    is_publishing: bool,
}

/// One lane.
#[derive(Debug)]
struct Queue {
    waiting: VecDeque<Outgoing>,
    /// The number of the first one in the queue.
    first: u64,
    /// The numbers of keyed broadcasts in the queue.
    keyed: HashMap<Box<[u8]>, u64>,
    bytes: usize,
    max_messages: usize,
    max_bytes: usize,
}

impl Queue {
    fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            waiting: VecDeque::new(),
            first: 0,
            keyed: HashMap::new(),
            bytes: 0,
            max_messages,
            max_bytes,
        }
    }

    /// Adds something. Returns `false` if there is no room.
    fn push(&mut self, outgoing: Outgoing) -> bool {
        let Some(key) = outgoing.key.clone() else {
            return self.add(outgoing);
        };
        if let Some(number) = self.keyed.get(&key) {
            return self.replace(*number, outgoing);
        }
        let number = self.first + self.waiting.len() as u64;
        let is_added = self.add(outgoing);
        if is_added {
            self.keyed.insert(key, number);
        }
        is_added
    }

    fn add(&mut self, outgoing: Outgoing) -> bool {
        let bytes = self.bytes + outgoing.body.len();
        if self.waiting.len() >= self.max_messages || bytes > self.max_bytes {
            return false;
        }
        self.bytes = bytes;
        self.waiting.push_back(outgoing);
        true
    }

    /// Puts the newest value of a key in the place of an older one.
    fn replace(&mut self, number: u64, outgoing: Outgoing) -> bool {
        let place = usize::try_from(number - self.first).ok();
        let Some(older) = place.and_then(|place| self.waiting.get_mut(place)) else {
            return false;
        };
        let bytes = self.bytes - older.body.len() + outgoing.body.len();
        if bytes > self.max_bytes {
            return false;
        }
        self.bytes = bytes;
        *older = outgoing;
        true
    }

    fn pop(&mut self) -> Option<Outgoing> {
        let next = self.waiting.pop_front()?;
        self.first += 1;
        self.bytes -= next.body.len();
        if let Some(key) = &next.key {
            self.keyed.remove(key);
        }
        Some(next)
    }

    /// Drops everything. Returns its number.
    fn clear(&mut self) -> usize {
        self.bytes = 0;
        self.keyed.clear();
        let dropped = mem::take(&mut self.waiting).len();
        self.first += dropped as u64;
        dropped
    }
}

impl Queued {
    /// Takes what nodes tell each other first, and a message behind some of that.
    fn pop(&mut self) -> Option<Outgoing> {
        if self.told_in_row < TOLD_IN_ROW
            && let Some(next) = self.told.pop()
        {
            self.told_in_row += 1;
            return Some(next);
        }
        self.told_in_row = 0;
        self.messages.pop().or_else(|| self.told.pop())
    }

    fn is_empty(&self) -> bool {
        self.told.waiting.is_empty() && self.messages.waiting.is_empty()
    }
}

impl OutgoingQueue {
    pub(super) fn new(max_messages: usize, max_bytes: usize) -> Self {
        Self {
            queued: Mutex::new(Queued {
                told: Queue::new(MAX_TOLD, MAX_TOLD_BYTES),
                messages: Queue::new(max_messages, max_bytes),
                told_in_row: 0,
                is_publishing: false,
            }),
            changed: Notify::new(),
            idle: Notify::new(),
        }
    }

    /// Queues something. A keyed broadcast replaces one of the same `key` that waits. Returns `false` if there is no room.
    pub(super) fn push(&self, lane: Lane, subject: Subject, body: Vec<u8>, key: Option<Box<[u8]>>) -> bool {
        let outgoing = Outgoing {
            subject,
            body,
            queued_at: Moment::now(),
            key,
        };
        let mut queued = self.queued.lock();
        let is_queued = match lane {
            Lane::Told => queued.told.push(outgoing),
            Lane::Messages => queued.messages.push(outgoing),
        };
        drop(queued);
        if is_queued {
            self.changed.notify_one();
        }
        is_queued
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
        let next = queued.pop()?;
        queued.is_publishing = true;
        Some(next)
    }

    /// Drops everything. Returns its number.
    pub(super) fn clear(&self) -> usize {
        let mut queued = self.queued.lock();
        let dropped = queued.told.clear() + queued.messages.clear();
        if !queued.is_publishing {
            self.idle.notify_waiters();
        }
        dropped
    }

    /// Says that what was taken is published, or has failed.
    pub(super) fn done(&self) {
        let mut queued = self.queued.lock();
        queued.is_publishing = false;
        if queued.is_empty() {
            self.idle.notify_waiters();
        }
    }

    /// Returns `true` if much of what nodes tell each other still waits.
    pub(super) fn has_much_to_tell(&self) -> bool {
        let queued = self.queued.lock();
        queued.told.waiting.len() >= MAX_TOLD / 8 || queued.told.bytes >= MAX_TOLD_BYTES / 8
    }

    /// Waits until everything is published, or has failed.
    pub(super) async fn idle(&self) {
        let idle = self.idle.notified();
        let is_idle = {
            let queued = self.queued.lock();
            queued.is_empty() && !queued.is_publishing
        };
        if !is_idle {
            idle.await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOM: Subject = Subject::of_hash([1; 16]);

    fn key(text: &str) -> Box<[u8]> {
        text.as_bytes().into()
    }

    fn take_all(queue: &OutgoingQueue) -> Vec<String> {
        let bodies = std::iter::from_fn(|| queue.pop());
        bodies
            .map(|outgoing| String::from_utf8(outgoing.body).expect("text"))
            .collect()
    }

    #[test]
    fn messages_have_bounds_and_never_hold_up_what_nodes_tell_each_other() {
        let queue = OutgoingQueue::new(2, 100);
        let push = |lane, body: &str| queue.push(lane, ROOM, body.into(), None);
        assert!(push(Lane::Messages, "one") && push(Lane::Messages, "two"));
        assert!(!push(Lane::Messages, "three"), "two are the most");
        assert!(push(Lane::Told, "alive"));
        assert_eq!(take_all(&queue), ["alive", "one", "two"]);
        assert!(!push(Lane::Messages, &"x".repeat(101)), "100 bytes are the most");
        assert!(push(Lane::Messages, &"x".repeat(100)));
    }

    #[test]
    fn message_has_its_turn_behind_some_of_what_nodes_tell_each_other() {
        let queue = OutgoingQueue::new(2, 100);
        assert!((0..100).all(|_| queue.push(Lane::Told, ROOM, b"told".into(), None)));
        assert!(queue.push(Lane::Messages, ROOM, b"message".into(), None));
        let place = take_all(&queue).iter().position(|body| body == "message");
        assert_eq!(place, Some(usize::from(TOLD_IN_ROW)));
    }

    #[test]
    fn newest_value_of_a_key_takes_the_place_of_the_one_that_waits() {
        let queue = OutgoingQueue::new(2, 100);
        let push = |body: &str, key| queue.push(Lane::Messages, ROOM, body.into(), Some(key));
        assert!(push("a1", key("a")) && push("b1", key("b")));
        assert!(push("a2", key("a")), "it takes no room");
        assert!(!push("c1", key("c")));
        assert_eq!(queue.pop().expect("a value").body, b"a2");
        assert!(push("a3", key("a")), "the one before is on its way");
        assert!(push("b2", key("b")));
        assert_eq!(take_all(&queue), ["b2", "a3"]);
        assert!(push("a4", key("a")));
        assert_eq!(queue.clear(), 1);
        assert!(push("a5", key("a")));
        assert_eq!(take_all(&queue), ["a5"]);
    }
}
