//! A bounded `tokio::sync::mpsc` channel for each member of a room.

use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use robyn_ws_bench::QUEUE;
use tokio::sync::mpsc::{self, Receiver, Sender};

type Members<T> = Vec<(u64, Sender<T>)>;

#[derive(Default)]
pub(crate) struct Queues<T> {
    rooms: Mutex<HashMap<String, Members<T>>>,
    last: AtomicU64,
}

impl<T: Clone> Queues<T> {
    /// Gives the member's number, and what it is to be sent. That ends when the member has become too slow.
    pub(crate) fn join(&self, room: &str) -> (u64, Receiver<T>) {
        let (queue, messages) = mpsc::channel(QUEUE);
        let id = self.last.fetch_add(1, Ordering::Relaxed);
        self.rooms().entry(room.to_owned()).or_default().push((id, queue));
        (id, messages)
    }

    pub(crate) fn leave(&self, room: &str, id: u64) {
        if let Some(members) = self.rooms().get_mut(room) {
            members.retain(|(member, _)| *member != id);
        }
    }

    pub(crate) fn publish(&self, room: &str, message: &T) {
        if let Some(members) = self.rooms().get_mut(room) {
            members.retain(|(_, queue)| queue.try_send(message.clone()).is_ok());
        }
    }

    fn rooms(&self) -> MutexGuard<'_, HashMap<String, Members<T>>> {
        self.rooms.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
