//! The live connections of one endpoint, and its rooms.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Weak},
};

use tokio::runtime::Handle;

use crate::{
    hub::{batch::Broadcast, flusher::Flusher, group::Group, live::Live, telemetry::Telemetry},
    mailbox::sender::Sender,
    types::{
        id::{ConnectionId, IdMap, IdSet},
        limits::Bounds,
    },
    util::sync::{Mutex, MutexGuard},
    wire::frame::Frame,
};

/// How many flushers an endpoint has in a runtime with as many threads, so that its rooms are written to side by side. Each
/// that is needed for a broadcast costs about as much as writing to four connections.
const FLUSHERS: usize = 2;

/// How many connections a flusher writes to before there is a further one, as long as there are threads for them.
const CONNECTIONS_OF_FLUSHER: usize = 4096;

/// The live connections of one endpoint.
#[derive(Debug)]
pub(crate) struct EndpointMembers {
    pub(crate) path: Box<str>,
    pub(crate) telemetry: Telemetry,
    /// Those of each runtime that has connections here.
    flushers: Mutex<Vec<Weak<Flusher>>>,
    bounds: Arc<Bounds>,
    members: Mutex<MemberTable>,
}

/// Everybody, and who is in which room. One lock guards both, so that they always agree.
#[derive(Debug, Default)]
struct MemberTable {
    everyone: Group,
    rooms: HashMap<Arc<str>, Group>,
    /// The rooms of each connection that is in any.
    rooms_of: IdMap<Rooms>,
    /// Those whose 101 is under way. Only broadcasts to everyone look here.
    pending: IdMap<Arc<Live>>,
    /// Those that have left but still run their close handler or close handshake. Only a drain looks here.
    leaving: IdMap<Arc<Live>>,
    /// The rooms of each connection that has left them, for its close handler.
    rooms_left: IdMap<Rooms>,
}

/// The names of rooms.
type Rooms = HashSet<Arc<str>>;

/// A broadcast that has been put off, and what is still to be done for it.
#[derive(Debug, Default)]
pub(crate) struct Enqueued {
    /// How many it is put off for.
    pub(crate) queued: usize,
    /// Who is to be sent it at once.
    pub(crate) at_once: Vec<Arc<Live>>,
    /// Those whose 101 is under way, for whom it is to be held.
    pub(crate) pending: Vec<Arc<Live>>,
}

/// The result of [`WebSocketConnector::join`](crate::WebSocketConnector::join), decided in the same moment as the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// How many connections are in the room now.
    pub count: usize,
    /// Whether the connection is in the room now.
    pub is_member: bool,
    /// Whether this call put the first connection of its identity into the room. A connection without an identity counts
    /// by itself.
    pub first_of_identity: bool,
}

/// The result of [`WebSocketConnector::leave`](crate::WebSocketConnector::leave), decided in the same moment as the change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// How many connections are in the room now.
    pub count: usize,
    /// Whether the connection was in the room.
    pub was_member: bool,
    /// Whether this call took the last connection of its identity out of the room. A connection without an identity counts
    /// by itself.
    pub last_of_identity: bool,
}

/// Why a connection did not get into a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JoinRefusal {
    NotConnected,
    TooManyRooms,
    NameTooLong,
}

impl EndpointMembers {
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
            flushers: Mutex::default(),
            bounds,
            members: Mutex::default(),
        }
    }

    pub(crate) fn is_nowhere(&self) -> bool {
        self.path.is_empty()
    }

    /// No code of a user runs under this lock, so a poisoned one is still whole.
    fn lock(&self) -> MutexGuard<'_, MemberTable> {
        self.members.lock()
    }

    /// Returns who is to write to one more connection of `runtime`.
    pub(crate) fn flusher(&self, runtime: Handle) -> Arc<Flusher> {
        let mut flushers = self.flushers.lock();
        flushers.retain(|flusher| flusher.strong_count() > 0);
        let known = flushers.iter().filter_map(Weak::upgrade);
        let here: Vec<_> = known.filter(|known| known.runtime().id() == runtime.id()).collect();
        let (number, threads) = (here.len(), runtime.metrics().num_workers());
        let fewest = here.into_iter().min_by_key(Arc::strong_count);
        let suffices = |flusher: &Arc<Flusher>| {
            number >= threads || (number >= FLUSHERS && Arc::strong_count(flusher) < CONNECTIONS_OF_FLUSHER)
        };
        fewest.filter(suffices).unwrap_or_else(|| {
            let flusher = Arc::new(Flusher::new(runtime, &self.bounds));
            flushers.push(Arc::downgrade(&flusher));
            flusher
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
        live.flusher.with_pending(|pending, _| pending.enter(live.id));
        members.everyone.insert(live);
    }

    /// Takes a connection out of the endpoint and all its rooms. Doing it twice does no harm.
    pub(crate) fn leave(&self, id: ConnectionId) {
        let mut members = self.lock();
        let Some(live) = members.everyone.remove(id) else {
            return;
        };
        live.flusher.with_pending(|pending, _| pending.leave(&live));
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
            .members()
            .chain(members.leaving.values())
            .cloned()
            .collect()
    }

    /// Passes at most `most` connections to `each`: those before `end`, from the last to the first, so that nobody is left
    /// out when one that leaves is replaced by the last. Returns where to go on.
    pub(crate) fn walk_back(&self, end: usize, most: usize, mut each: impl FnMut(&Arc<Live>)) -> usize {
        let members = self.lock();
        let end = end.min(members.everyone.len());
        let start = end.saturating_sub(most);
        members.everyone.range(start..end).rev().for_each(&mut each);
        start
    }

    /// Puts the connection into the room, or says why not.
    pub(crate) fn join(&self, id: ConnectionId, room: &str) -> (Joined, Option<JoinRefusal>) {
        let mut members = self.lock();
        let is_new = members.join(id, room, &self.bounds);
        let joined = Joined {
            count: members.rooms.get(room).map_or(0, Group::len),
            is_member: is_new.is_ok(),
            first_of_identity: is_new == Ok(true),
        };
        (joined, is_new.err())
    }

    /// Takes the connection out of the room, if it is in it.
    pub(crate) fn leave_room(&self, id: ConnectionId, room: &str) -> Left {
        let mut members = self.lock();
        let was_member = members.leave(id, room);
        Left {
            count: members.rooms.get(room).map_or(0, Group::len),
            was_member,
            last_of_identity: was_member,
        }
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
        members.everyone.get(id).or_else(own).cloned()
    }

    /// Puts `frame` off for those in any of `rooms`, or for everyone, but those in `except`, which is sorted and names nobody
    /// twice. All of it is at one moment: nobody is reached twice, or in no way.
    pub(crate) fn enqueue(&self, rooms: Option<&[String]>, except: &[ConnectionId], frame: &Frame) -> Enqueued {
        let mut members = self.lock();
        let mut enqueued = Enqueued::default();
        let broadcast = Broadcast {
            frame,
            except,
            is_for_everyone: rooms.is_none(),
        };
        let snapshot = match rooms {
            None => {
                enqueued.pending = members.pending.values().cloned().collect();
                Some(members.everyone.enqueue(broadcast, &mut enqueued))
            }
            Some([room]) => {
                let group = members.rooms.get_mut(&**room);
                group.map(|group| group.enqueue(broadcast, &mut enqueued))
            }
            Some(rooms) => {
                enqueued.at_once = members.union(rooms, except);
                Some(members.everyone.settle())
            }
        };
        // What came before a client's end is handled as ever, and so reaches the client as well.
        let own = members.own_that_left(rooms);
        enqueued
            .at_once
            .extend(own.filter(|own| except.binary_search(&own.id).is_err()));
        drop(members);
        for shard in snapshot.iter().flat_map(|snapshot| snapshot.iter()) {
            shard.flusher.start();
        }
        enqueued
    }

    /// Returns everyone's id.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        self.lock().everyone.members().map(|live| live.id).collect()
    }

    /// Returns the connections in any of `rooms`, or everyone, but those in `except`, each once.
    pub(crate) fn audience(&self, rooms: Option<&[String]>, except: &[ConnectionId]) -> Vec<Arc<Live>> {
        let members = self.lock();
        if let Some(rooms) = rooms {
            return members.union(rooms, except);
        }
        let everyone = members.everyone.members();
        let included = everyone.filter(|live| except.binary_search(&live.id).is_err());
        included.cloned().collect()
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn has_pending(&self) -> bool {
        !self.lock().pending.is_empty()
    }

    /// Counts those in any of `rooms` but `except`.
    pub(crate) fn count_in_any(&self, rooms: &[String], except: &[ConnectionId]) -> usize {
        self.lock().union(rooms, except).len()
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
        self.lock().everyone.len()
    }

    pub(crate) fn room_count(&self) -> usize {
        self.lock().rooms.len()
    }
}

impl MemberTable {
    /// Puts the connection into the room. Returns `false` if it is in it already.
    fn join(&mut self, id: ConnectionId, room: &str, bounds: &Bounds) -> Result<bool, JoinRefusal> {
        if room.len() > bounds.max_room_name {
            return Err(JoinRefusal::NameTooLong);
        }
        let live = self.everyone.get(id).cloned().ok_or(JoinRefusal::NotConnected)?;
        if self.rooms.get(room).is_some_and(|group| group.contains(id)) {
            return Ok(false);
        }
        if self.rooms_of.get(&id).map_or(0, Rooms::len) >= bounds.max_rooms_per_connection {
            return Err(JoinRefusal::TooManyRooms);
        }
        let known = self.rooms.get_key_value(room);
        let name = known.map_or_else(|| Arc::from(room), |(name, _)| name.clone());
        self.rooms.entry(name.clone()).or_default().insert(live);
        self.rooms_of.entry(id).or_default().insert(name);
        Ok(true)
    }

    /// Takes the connection out of the room. Returns `false` if it is not in it.
    fn leave(&mut self, id: ConnectionId, room: &str) -> bool {
        let Some(rooms) = self.rooms_of.get_mut(&id) else {
            return false;
        };
        if !rooms.remove(room) {
            return false;
        }
        if rooms.is_empty() {
            self.rooms_of.remove(&id);
        }
        self.leave_room(id, room);
        true
    }

    /// Returns those in any of `rooms` but `except`, each once.
    fn union(&self, rooms: &[String], except: &[ConnectionId]) -> Vec<Arc<Live>> {
        let groups = rooms.iter().filter_map(|room| self.rooms.get(&**room));
        let mut seen = IdSet::default();
        let each_once = groups.flat_map(Group::members).filter(|live| seen.insert(live.id));
        each_once
            .filter(|live| except.binary_search(&live.id).is_err())
            .cloned()
            .collect()
    }

    /// Returns the connection whose handler runs on this thread, if it has left and `rooms` were its own; `None` is
    /// everyone.
    fn own_that_left(&self, rooms: Option<&[String]>) -> Option<Arc<Live>> {
        let id = Sender::hearing()?;
        let live = self.leaving.get(&id)?;
        let its = self.rooms_left.get(&id);
        let is_in = rooms.is_none_or(|rooms| {
            let mut rooms = rooms.iter();
            rooms.any(|room| its.is_some_and(|its| its.contains(room.as_str())))
        });
        is_in.then(|| live.clone())
    }

    /// An empty room is no room: attackers choose names.
    fn leave_room(&mut self, id: ConnectionId, room: &str) {
        if let Some(group) = self.rooms.get_mut(room) {
            group.remove(id);
            if group.is_empty() {
                self.rooms.remove(room);
            }
        }
    }
}
