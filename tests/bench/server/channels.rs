//! A `tokio::sync::broadcast` channel for each room.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use robyn_ws_bench::QUEUE;
use tokio::sync::broadcast;

/// Who is slower than a channel is long misses messages.
#[derive(Default)]
pub(crate) struct Channels<T> {
    rooms: Mutex<HashMap<String, broadcast::Sender<T>>>,
}

impl<T: Clone> Channels<T> {
    pub(crate) fn of(&self, room: &str) -> broadcast::Sender<T> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(channel) = rooms.get(room) {
            return channel.clone();
        }
        let (channel, _) = broadcast::channel(QUEUE);
        rooms.insert(room.to_owned(), channel.clone());
        channel
    }
}
