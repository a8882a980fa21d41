//! The live connections of one endpoint, and its rooms.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, Weak},
};

use indexmap::IndexMap;
use tokio::runtime::Handle;

use crate::{
    ConnectionId,
    hub::{courier::Courier, live::Live},
    sync::{Mutex, MutexGuard},
    telemetry::Telemetry,
};

/// The live connections of one endpoint.
#[derive(Debug)]
pub(crate) struct EndpointHub {
    pub(crate) path: Box<str>,
    pub(crate) telemetry: Telemetry,
    /// One for each runtime that has connections here.
    couriers: Mutex<Vec<Weak<Courier>>>,
    members: Mutex<Members>,
}

/// Everybody, and who is in which room. One lock guards both, so that they always agree.
#[derive(Debug, Default)]
struct Members {
    everyone: Group,
    rooms: HashMap<Arc<str>, Group>,
    /// The rooms of each connection that is in any.
    rooms_of: HashMap<ConnectionId, Vec<Arc<str>>>,
    /// Those that have left but still run their close handler or close handshake. Only a drain looks here.
    leaving: HashMap<ConnectionId, Arc<Live>>,
}

/// A set of connections, with a snapshot that broadcasts walk without holding the lock. The snapshot is made by the
/// first broadcast after a change, which walks everybody anyway.
#[derive(Debug, Default)]
struct Group {
    members: IndexMap<ConnectionId, Arc<Live>>,
    snapshot: Option<Snapshot>,
}

/// The connections of a group at one moment.
pub(crate) type Snapshot = Arc<[Arc<Live>]>;

impl Group {
    fn insert(&mut self, live: Arc<Live>) -> bool {
        self.snapshot = None;
        self.members.insert(live.id, live).is_none()
    }

    fn remove(&mut self, id: ConnectionId) -> Option<Arc<Live>> {
        self.snapshot = None;
        self.members.swap_remove(&id)
    }

    fn snapshot(&mut self) -> Snapshot {
        self.snapshot
            .get_or_insert_with(|| self.members.values().cloned().collect())
            .clone()
    }
}

/// What became of an attempt to join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    Yes,
    NotConnected,
    TooManyRooms,
}

impl EndpointHub {
    pub(crate) fn new(path: &str) -> Self {
        Self {
            path: path.into(),
            telemetry: Telemetry::new(path),
            couriers: Mutex::default(),
            members: Mutex::default(),
        }
    }

    /// No code of a user runs under this lock, so a poisoned one is still whole.
    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns who writes to the connections of `runtime`.
    pub(crate) fn courier(&self, runtime: Handle) -> Arc<Courier> {
        let mut couriers = self.couriers.lock().unwrap_or_else(PoisonError::into_inner);
        couriers.retain(|courier| courier.strong_count() > 0);
        let known = couriers.iter().filter_map(Weak::upgrade);
        let mut here = known.filter(|courier| courier.runtime().id() == runtime.id());
        here.next().unwrap_or_else(|| {
            let courier = Arc::new(Courier::new(runtime));
            couriers.push(Arc::downgrade(&courier));
            courier
        })
    }

    pub(crate) fn enter(&self, live: Arc<Live>) {
        self.lock().everyone.insert(live);
    }

    /// Takes a connection out of the endpoint and all its rooms. Doing it twice does no harm.
    pub(crate) fn leave(&self, id: ConnectionId) {
        let mut members = self.lock();
        if let Some(live) = members.everyone.remove(id) {
            members.leaving.insert(id, live);
        }
        for room in members.rooms_of.remove(&id).unwrap_or_default() {
            members.leave_room(id, &room);
        }
    }

    /// Forgets a connection that has left, now that its task ends.
    pub(crate) fn forget(&self, id: ConnectionId) {
        let forgotten = self.lock().leaving.remove(&id);
        // It may be the last to hold large things: they are dropped outside the lock.
        drop(forgotten);
    }

    /// Gives every connection whose task still runs.
    pub(crate) fn running(&self) -> Vec<Arc<Live>> {
        let members = self.lock();
        members
            .everyone
            .members
            .values()
            .chain(members.leaving.values())
            .cloned()
            .collect()
    }

    pub(crate) fn join(&self, id: ConnectionId, room: &str, most: usize) -> Joined {
        let mut members = self.lock();
        let Some(live) = members.everyone.members.get(&id).cloned() else {
            return Joined::NotConnected;
        };
        if members
            .rooms
            .get(room)
            .is_some_and(|group| group.members.contains_key(&id))
        {
            return Joined::Yes;
        }
        if members.rooms_of.get(&id).map_or(0, Vec::len) >= most {
            return Joined::TooManyRooms;
        }
        let name = members
            .rooms
            .get_key_value(room)
            .map_or_else(|| Arc::from(room), |(name, _)| name.clone());
        members.rooms.entry(name.clone()).or_default().insert(live);
        members.rooms_of.entry(id).or_default().push(name);
        Joined::Yes
    }

    /// Gives whether the connection was in the room.
    pub(crate) fn leave_room(&self, id: ConnectionId, room: &str) -> bool {
        let mut members = self.lock();
        let Some(rooms) = members.rooms_of.get_mut(&id) else {
            return false;
        };
        let Some(index) = rooms.iter().position(|name| **name == *room) else {
            return false;
        };
        rooms.swap_remove(index);
        if rooms.is_empty() {
            members.rooms_of.remove(&id);
        }
        members.leave_room(id, room);
        true
    }

    pub(crate) fn rooms_of(&self, id: ConnectionId) -> Vec<String> {
        self.lock()
            .rooms_of
            .get(&id)
            .into_iter()
            .flatten()
            .map(|room| (**room).to_owned())
            .collect()
    }

    pub(crate) fn find(&self, id: ConnectionId) -> Option<Arc<Live>> {
        self.lock().everyone.members.get(&id).cloned()
    }

    pub(crate) fn everyone(&self) -> Snapshot {
        self.lock().everyone.snapshot()
    }

    pub(crate) fn room(&self, room: &str) -> Option<Snapshot> {
        self.lock().rooms.get_mut(room).map(Group::snapshot)
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().everyone.members.len()
    }

    pub(crate) fn room_count(&self) -> usize {
        self.lock().rooms.len()
    }
}

impl Members {
    /// An empty room is no room: attackers choose names.
    fn leave_room(&mut self, id: ConnectionId, room: &str) {
        if let Some(group) = self.rooms.get_mut(room) {
            group.remove(id);
            if group.members.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}
