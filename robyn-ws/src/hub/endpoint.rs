//! The live connections of one endpoint, and its rooms.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, Weak},
};

use indexmap::IndexMap;
use tokio::runtime::Handle;

use crate::{
    ConnectionId,
    hub::{courier::Courier, live::Live},
    limits::Bounds,
    mailbox::Sender,
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
    bounds: Arc<Bounds>,
    members: Mutex<Members>,
}

/// Everybody, and who is in which room. One lock guards both, so that they always agree.
#[derive(Debug, Default)]
struct Members {
    everyone: Group,
    rooms: HashMap<Arc<str>, Group>,
    /// The rooms of each connection that is in any.
    rooms_of: HashMap<ConnectionId, Rooms>,
    /// Those whose 101 is under way. Only broadcasts to everyone look here.
    pending: HashMap<ConnectionId, Arc<Live>>,
    /// Those that have left but still run their close handler or close handshake. Only a drain looks here.
    leaving: HashMap<ConnectionId, Arc<Live>>,
    /// The rooms of each connection that has left them, for its close handler.
    rooms_left: HashMap<ConnectionId, Rooms>,
}

/// The names of rooms.
type Rooms = HashSet<Arc<str>>;

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

    /// Counts the members that are not in `except`, which names nobody twice.
    fn count_except(&self, except: &[ConnectionId]) -> usize {
        self.members.len() - except.iter().filter(|id| self.members.contains_key(*id)).count()
    }
}

/// What became of an attempt to join a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Joined {
    Yes,
    NotConnected,
    TooManyRooms,
    NameTooLong,
}

impl EndpointHub {
    pub(crate) fn new(path: &str, bounds: Arc<Bounds>) -> Self {
        Self::with_telemetry(path, bounds, Telemetry::new(path))
    }

    /// Creates an endpoint where nobody ever is, for paths that have no handlers.
    pub(crate) fn nowhere() -> Self {
        Self::with_telemetry("", Arc::default(), Telemetry::silent())
    }

    fn with_telemetry(path: &str, bounds: Arc<Bounds>, telemetry: Telemetry) -> Self {
        Self {
            path: path.into(),
            telemetry,
            couriers: Mutex::default(),
            bounds,
            members: Mutex::default(),
        }
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        self.path.is_empty()
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

    /// Has everything that everyone is sent from now on kept for a connection whose 101 is under way.
    pub(crate) fn expect(&self, live: Arc<Live>) {
        self.lock().pending.insert(live.id, live);
    }

    /// Keeps nothing more for a connection that is in the endpoint now, or will never be.
    pub(crate) fn expect_no_longer(&self, id: ConnectionId) {
        let pending = self.lock().pending.remove(&id);
        // As in `forget`.
        drop(pending);
    }

    pub(crate) fn enter(&self, live: Arc<Live>) {
        let mut members = self.lock();
        members.pending.remove(&live.id);
        members.everyone.insert(live);
    }

    /// Takes a connection out of the endpoint and all its rooms. Doing it twice does no harm.
    pub(crate) fn leave(&self, id: ConnectionId) {
        let mut members = self.lock();
        let Some(live) = members.everyone.remove(id) else {
            return;
        };
        let rooms = members.rooms_of.remove(&id).unwrap_or_default();
        for room in &rooms {
            members.leave_room(id, room);
        }
        members.leaving.insert(id, live);
        if !rooms.is_empty() {
            members.rooms_left.insert(id, rooms);
        }
    }

    /// Forgets a connection that has left, now that its task ends.
    pub(crate) fn forget(&self, id: ConnectionId) {
        let forgotten = self.lock().leaving.remove(&id);
        // It may be the last to hold large things: they are dropped outside the lock.
        drop(forgotten);
    }

    /// Forgets the rooms of a connection that has left, now that its close handler has run.
    pub(crate) fn forget_rooms(&self, id: ConnectionId) {
        let forgotten = self.lock().rooms_left.remove(&id);
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

    /// Passes at most `most` connections to `each`: those before `end`, from the last to the first, so that nobody is left
    /// out when one that leaves is replaced by the last. Returns where to go on.
    pub(crate) fn walk_back(&self, end: usize, most: usize, mut each: impl FnMut(&Arc<Live>)) -> usize {
        let members = self.lock();
        let everyone = &members.everyone.members;
        let end = end.min(everyone.len());
        let start = end.saturating_sub(most);
        let some = everyone.get_range(start..end);
        some.into_iter()
            .flat_map(|some| some.values())
            .rev()
            .for_each(&mut each);
        start
    }

    pub(crate) fn join(&self, id: ConnectionId, room: &str) -> Joined {
        if room.len() > self.bounds.max_room_name {
            return Joined::NameTooLong;
        }
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
        if members.rooms_of.get(&id).map_or(0, Rooms::len) >= self.bounds.rooms_per_connection {
            return Joined::TooManyRooms;
        }
        let name = members
            .rooms
            .get_key_value(room)
            .map_or_else(|| Arc::from(room), |(name, _)| name.clone());
        members.rooms.entry(name.clone()).or_default().insert(live);
        members.rooms_of.entry(id).or_default().insert(name);
        Joined::Yes
    }

    /// Returns `true` if the connection was in the room.
    pub(crate) fn leave_room(&self, id: ConnectionId, room: &str) -> bool {
        let mut members = self.lock();
        let Some(rooms) = members.rooms_of.get_mut(&id) else {
            return false;
        };
        if !rooms.remove(room) {
            return false;
        }
        if rooms.is_empty() {
            members.rooms_of.remove(&id);
        }
        members.leave_room(id, room);
        true
    }

    /// Returns the rooms of a connection; of one that has left, those it was in.
    pub(crate) fn rooms_of(&self, id: ConnectionId) -> Vec<Arc<str>> {
        let members = self.lock();
        let rooms = members.rooms_of.get(&id).or_else(|| members.rooms_left.get(&id));
        rooms.into_iter().flatten().cloned().collect()
    }

    /// Returns a connection. One that has left is found only by its own handler.
    pub(crate) fn find(&self, id: ConnectionId) -> Option<Arc<Live>> {
        let members = self.lock();
        let own = || members.leaving.get(&id).filter(|_| Sender::to(id) == Sender::Own);
        members.everyone.members.get(&id).or_else(own).cloned()
    }

    /// Returns the connection whose handler runs on this thread, if it has left and `rooms` were its own; `None` is
    /// everyone.
    pub(crate) fn own_that_left(&self, rooms: Option<&[String]>) -> Option<Arc<Live>> {
        let id = Sender::hearing()?;
        let members = self.lock();
        let live = members.leaving.get(&id)?;
        let its = members.rooms_left.get(&id);
        let is_in = rooms.is_none_or(|rooms| {
            let mut rooms = rooms.iter();
            rooms.any(|room| its.is_some_and(|its| its.contains(room.as_str())))
        });
        is_in.then(|| live.clone())
    }

    pub(crate) fn everyone(&self) -> Snapshot {
        self.lock().everyone.snapshot()
    }

    /// Returns everyone, and those whose 101 is under way, at one moment: nobody is in neither or in both.
    pub(crate) fn everyone_and_pending(&self) -> (Snapshot, Vec<Arc<Live>>) {
        let mut members = self.lock();
        let pending = members.pending.values().cloned().collect();
        (members.everyone.snapshot(), pending)
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn has_pending(&self) -> bool {
        !self.lock().pending.is_empty()
    }

    /// Returns those in each of `rooms`, all at one moment.
    pub(crate) fn rooms(&self, rooms: &[String]) -> Vec<Snapshot> {
        let mut members = self.lock();
        let in_room = |room: &String| members.rooms.get_mut(&**room).map(Group::snapshot);
        rooms.iter().filter_map(in_room).collect()
    }

    /// Counts everyone but `except`, which names nobody twice.
    pub(crate) fn count_except(&self, except: &[ConnectionId]) -> usize {
        self.lock().everyone.count_except(except)
    }

    /// Counts those in `room` but `except`, which names nobody twice.
    pub(crate) fn count_in(&self, room: &str, except: &[ConnectionId]) -> usize {
        let members = self.lock();
        members.rooms.get(room).map_or(0, |group| group.count_except(except))
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
