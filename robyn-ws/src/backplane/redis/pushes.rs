//! The payloads that the server has pushed, until the node takes them.

use std::{
    collections::VecDeque,
    mem,
    sync::atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use redis::{PushInfo, PushKind, Value};
use tokio::{sync::Notify, task::yield_now};

use crate::{backplane::Inbox, util::sync::Mutex};

/// Bounds of what waits. The server itself keeps 32 MiB for a subscriber by default.
const MAX_WAITING: usize = 64 * 1024;
const MAX_WAITING_BYTES: usize = 32 * 1024 * 1024;

/// Bounds of what is delivered before other tasks run.
const TURN: usize = 256;
const TURN_BYTES: usize = 1024 * 1024;

/// The payloads that the server has pushed. The task of the connection puts them in, which must not wait: it reads the
/// answers of the server as well.
#[derive(Debug, Default)]
pub(super) struct Pushes {
    waiting: Mutex<Waiting>,
    changed: Notify,
    /// Number of payloads that have come, taken or not.
    heard: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    payloads: VecDeque<Bytes>,
    bytes: usize,
    lost: u64,
}

/// What is delivered at once.
#[derive(Debug, Default)]
struct Ready {
    payloads: Vec<Bytes>,
    lost: u64,
}

impl Pushes {
    /// Takes what the server has pushed, if it is a payload.
    pub(super) fn take(&self, info: PushInfo) {
        if !matches!(info.kind, PushKind::Message | PushKind::PMessage) {
            return;
        }
        // The pattern, if it came by one, the channel, and the payload.
        if let Some(Value::BulkString(payload)) = info.data.into_iter().next_back() {
            self.heard.fetch_add(1, Ordering::Relaxed);
            self.waiting.lock().push(payload.into());
            self.changed.notify_one();
        }
    }

    /// Returns the number of payloads that have come.
    pub(super) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Passes all payloads to the inbox.
    pub(super) async fn deliver(&self, inbox: &Inbox) {
        loop {
            let Ready { payloads, lost } = self.next().await;
            if lost > 0 {
                inbox.lost(lost);
            }
            inbox.deliver(payloads);
            yield_now().await;
        }
    }

    async fn next(&self) -> Ready {
        loop {
            let ready = self.waiting.lock().pop();
            if let Some(ready) = ready {
                return ready;
            }
            self.changed.notified().await;
        }
    }
}

impl Waiting {
    fn push(&mut self, payload: Bytes) {
        if self.payloads.len() == MAX_WAITING || self.bytes + payload.len() > MAX_WAITING_BYTES {
            self.lost += 1;
            return;
        }
        self.bytes += payload.len();
        self.payloads.push_back(payload);
    }

    fn pop(&mut self) -> Option<Ready> {
        if self.payloads.is_empty() && self.lost == 0 {
            return None;
        }
        let mut ready = Ready {
            payloads: Vec::with_capacity(self.payloads.len().min(TURN)),
            lost: mem::take(&mut self.lost),
        };
        let mut bytes = 0;
        while ready.payloads.len() < TURN
            && bytes < TURN_BYTES
            && let Some(payload) = self.payloads.pop_front()
        {
            bytes += payload.len();
            ready.payloads.push(payload);
        }
        self.bytes -= bytes;
        if self.payloads.is_empty() {
            self.payloads.shrink_to(TURN);
        }
        Some(ready)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_much_is_dropped_and_counted_and_the_rest_keeps_its_order() {
        let mut waiting = Waiting::default();
        let payload = |number: usize| Bytes::copy_from_slice(&number.to_le_bytes());
        (0..MAX_WAITING + 7).for_each(|number| waiting.push(payload(number)));
        let mut next = 0;
        let mut lost = 0;
        while let Some(ready) = waiting.pop() {
            assert!(ready.payloads.len() <= TURN);
            lost += ready.lost;
            for taken in ready.payloads {
                assert_eq!(taken, payload(next));
                next += 1;
            }
        }
        assert_eq!((next, lost, waiting.bytes), (MAX_WAITING, 7, 0));
        assert!(waiting.payloads.capacity() <= 2 * TURN, "its memory is given back");
    }

    #[test]
    fn turn_is_bounded_in_bytes_too() {
        let mut waiting = Waiting::default();
        let long = Bytes::from(vec![0; MAX_WAITING_BYTES / 4]);
        (0..5).for_each(|_| waiting.push(long.clone()));
        assert_eq!(waiting.bytes, MAX_WAITING_BYTES);
        let ready = waiting.pop().expect("it waits");
        assert_eq!((ready.payloads.len(), ready.lost), (1, 1));
    }
}
