//! The live connections of one endpoint, and its rooms.

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
};

use tokio::runtime::Handle;

use crate::{
    hub::{
        batch::Broadcast,
        flusher::Flusher,
        group::Group,
        identities::IdentityScopes,
        keyed_order::KeyedOrder,
        live::Live,
        people::IdentifiedConnections,
        presence::Presence,
        remote::Remote,
        rooms::{RoomLeft, Rooms},
        telemetry::Telemetry,
        warnings::ConnectionWarnings,
    },
    mailbox::sender::Sender,
    types::{
        error::SendError,
        id::{ConnectionId, IdMap, IdSet},
        limits::Bounds,
        message::Message,
    },
    util::sync::{Mutex, MutexGuard},
    wire::deflate::{BroadcastFrame, Encoder},
};

/// Number of flushers that an endpoint starts with, in a runtime with at least as many threads, so that threads write
/// in parallel. For a broadcast, each flusher costs about as much as writing to four connections.
const FLUSHERS: usize = 2;

/// Number of connections per flusher. Beyond it, another flusher is created while the runtime has more threads than
/// flushers.
const CONNECTIONS_OF_FLUSHER: usize = 4096;

/// The live connections of one endpoint.
#[derive(Debug)]
pub(crate) struct EndpointMembers {
    pub(crate) path: Arc<str>,
    pub(crate) telemetry: Telemetry,
    pub(crate) warnings: ConnectionWarnings,
    /// The flushers of each runtime with connections here.
    flushers: Mutex<Vec<Weak<Flusher>>>,
    pub(super) bounds: Arc<Bounds>,
    /// Encodes messages in the forms of the connections.
    pub(crate) encoder: Encoder,
    /// The index of the app, and the limits of connections of an identity.
    pub(super) identities: IdentityScopes,
    pub(super) keyed: KeyedOrder,
    /// Whether the answers of clients to calls are taken.
    pub(crate) takes_answers: bool,
    members: Mutex<MemberTable>,
}

/// All connections and their rooms. One lock guards both, so they always agree.
#[derive(Debug, Default)]
pub(super) struct MemberTable {
    pub(super) everyone: Group,
    pub(super) rooms: HashMap<Arc<str>, Group>,
    /// The rooms of each connection that is in at least one.
    pub(super) rooms_of: IdMap<Rooms>,
    /// Connections whose 101 is not sent yet. Only broadcasts to all connections and their close read this.
    pub(super) pending: IdMap<Arc<Live>>,
    /// Connections that have left, while their close handler or close handshake runs. Read by a drain, and by their own
    /// handlers.
    leaving: IdMap<Arc<Live>>,
    /// The rooms of each connection that has left, for its close handler.
    pub(super) rooms_left: IdMap<Vec<RoomLeft>>,
    pub(super) identified: IdentifiedConnections,
    pub(super) presence: Presence,
}

/// The result of deferring a broadcast, and the recipients that it could not be deferred for.
#[derive(Debug, Default)]
pub(crate) struct Enqueued {
    /// Number of recipients that the broadcast is deferred for.
    pub(crate) queued: usize,
    /// Recipients in direct mode. The caller queues the frame for each.
    pub(crate) direct: Vec<Arc<Live>>,
    /// Recipients whose 101 is not sent yet. The caller queues the frame for each.
    pub(crate) pending: Vec<Arc<Live>>,
}

impl EndpointMembers {
    pub(crate) fn new(path: &str, bounds: Arc<Bounds>) -> Self {
        Self::with_telemetry(path, bounds, Telemetry::new(path))
    }

    /// Creates an endpoint without connections, for paths without handlers.
    pub(crate) fn unknown() -> Self {
        Self::with_telemetry("", Arc::default(), Telemetry::silent())
    }

    fn with_telemetry(path: &str, bounds: Arc<Bounds>, telemetry: Telemetry) -> Self {
        Self {
            path: path.into(),
            telemetry,
            warnings: ConnectionWarnings::default(),
            flushers: Mutex::default(),
            bounds,
            encoder: Encoder::default(),
            identities: IdentityScopes::default(),
            keyed: KeyedOrder::default(),
            takes_answers: true,
            members: Mutex::default(),
        }
    }

    pub(crate) fn is_unknown(&self) -> bool {
        self.path.is_empty()
    }

    /// Returns the other nodes of the app.
    #[inline]
    pub(crate) fn remote(&self) -> &Remote {
        self.identities.remote()
    }

    /// Queues `message` for a connection that is not one of this node.
    pub(crate) fn send_elsewhere(&self, id: ConnectionId, message: &Message) -> Result<(), SendError> {
        self.remote().send_to(&self.path, id, message)
    }

    /// As [`Self::send_elsewhere`], and waits until the other node has queued it.
    pub(crate) async fn send_elsewhere_wait(&self, id: ConnectionId, message: &Message) -> Result<(), SendError> {
        self.remote().send_to_wait(&self.path, id, message).await
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, MemberTable> {
        self.members.lock()
    }

    /// Returns the flusher for one more connection of `runtime`.
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

    /// Adds a connection whose 101 is not sent yet. Broadcasts to all connections are queued for it from now on.
    pub(crate) fn add_pending(&self, live: Arc<Live>) {
        self.lock().pending.insert(live.id, live);
    }

    /// Removes a pending connection that has entered the endpoint or has failed.
    pub(crate) fn remove_pending(&self, id: ConnectionId) {
        let mut members = self.lock();
        let pending = members.pending.remove(&id);
        if let Some(indexed) = members.identified.remove(&id) {
            self.identities.remove(&indexed);
        }
        drop(members);
        // Dropped outside the lock, as in `forget`.
        drop(pending);
    }

    pub(crate) fn enter(&self, live: Arc<Live>) {
        let mut members = self.lock();
        members.pending.remove(&live.id);
        live.flusher.with_pending(|pending| pending.enter(live.id));
        members.everyone.insert(live);
    }

    /// Removes a connection from the endpoint and all its rooms. A second call does nothing.
    pub(crate) fn leave(&self, id: ConnectionId) {
        let mut members = self.lock();
        let Some(live) = members.everyone.remove(id) else {
            return;
        };
        live.flusher.with_pending(|pending| pending.leave(&live));
        members.leave_rooms(id, |left| {
            self.remote().room_left(&self.path, &left.room, id, left.count == 0);
        });
        if let Some(indexed) = members.identified.get(&id) {
            self.identities.leave(indexed, &live);
        }
        members.leaving.insert(id, live);
    }

    /// Forgets a connection that has left, when its task ends.
    pub(crate) fn forget(&self, id: ConnectionId) {
        let forgotten = self.lock().leaving.remove(&id);
        // This can drop the last reference to a large value, so it happens outside the lock.
        drop(forgotten);
    }

    /// Forgets the rooms and the identity of a connection that has left, when its close handler has returned.
    pub(crate) fn forget_departed(&self, id: ConnectionId) {
        let mut members = self.lock();
        let (rooms, identified) = (members.rooms_left.remove(&id), members.identified.remove(&id));
        let leaving = identified.as_ref().and_then(|_| self.identities.forget(id));
        drop(members);
        drop((rooms, identified, leaving));
    }

    /// Returns every connection whose task runs.
    pub(crate) fn running(&self) -> Vec<Arc<Live>> {
        let members = self.lock();
        members
            .everyone
            .members()
            .chain(members.leaving.values())
            .cloned()
            .collect()
    }

    /// Calls `each` with up to `most` connections before the index `end`, from the last to the first. Returns the next
    /// `end`.
    ///
    /// A removed connection is replaced by the last one. Walking backward therefore skips no connection.
    pub(crate) fn walk_back(&self, end: usize, most: usize, mut each: impl FnMut(&Arc<Live>)) -> usize {
        let members = self.lock();
        let end = end.min(members.everyone.len());
        let start = end.saturating_sub(most);
        members.everyone.range(start..end).rev().for_each(&mut each);
        start
    }

    /// Returns a connection. A connection that has left is found only by its own handler.
    pub(crate) fn find(&self, id: ConnectionId) -> Option<Arc<Live>> {
        let members = self.lock();
        let own = || members.leaving.get(&id).filter(|_| Sender::to(id) == Sender::Own);
        members.everyone.get(id).or_else(own).cloned()
    }

    /// Defers `frame` for the connections in any of `rooms`, or for all connections. `except` is sorted, without
    /// duplicates.
    ///
    /// The whole broadcast happens at one moment: no recipient gets it twice, and none is missed.
    pub(crate) fn enqueue(
        &self,
        rooms: Option<&[String]>,
        except: &[ConnectionId],
        frame: &BroadcastFrame,
    ) -> Enqueued {
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
                enqueued.direct = members.union(rooms, except);
                Some(members.everyone.queue_pending())
            }
        };
        // A message that came before its client left is still handled, so its broadcasts also reach that client.
        let own = members.leaving_sender(rooms);
        enqueued
            .direct
            .extend(own.filter(|own| except.binary_search(&own.id).is_err()));
        drop(members);
        for shard in snapshot.iter().flat_map(|snapshot| snapshot.iter()) {
            shard.flusher.start();
        }
        enqueued
    }

    /// Returns the ids of all connections.
    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        self.lock().everyone.members().map(|live| live.id).collect()
    }

    /// Returns the connections in any of `rooms`, or all connections and those whose 101 is not sent yet. Each appears once,
    /// and `except` is left out.
    pub(super) fn members_and_pending(
        &self,
        rooms: Option<&[String]>,
        except: &[ConnectionId],
    ) -> (Vec<Arc<Live>>, Vec<Arc<Live>>) {
        let members = self.lock();
        if let Some(rooms) = rooms {
            return (members.union(rooms, except), Vec::new());
        }
        let is_included = |live: &&Arc<Live>| except.binary_search(&live.id).is_err();
        let included = members.everyone.members().filter(is_included).cloned().collect();
        let pending = members.pending.values().filter(is_included).cloned().collect();
        (included, pending)
    }

    #[cfg(feature = "test-util")]
    pub(crate) fn has_pending(&self) -> bool {
        !self.lock().pending.is_empty()
    }

    /// Returns the number of all connections, without `except`. It must have no duplicates.
    pub(crate) fn count_except(&self, except: &[ConnectionId]) -> usize {
        self.lock().everyone.count_except(except)
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().everyone.len()
    }
}

impl MemberTable {
    /// Returns the connections in any of `rooms`, each once, without `except`.
    pub(super) fn union(&self, rooms: &[String], except: &[ConnectionId]) -> Vec<Arc<Live>> {
        let groups = rooms.iter().filter_map(|room| self.rooms.get(&**room));
        let mut seen = IdSet::default();
        let each_once = groups.flat_map(Group::members).filter(|live| seen.insert(live.id));
        each_once
            .filter(|live| except.binary_search(&live.id).is_err())
            .cloned()
            .collect()
    }

    /// Returns the connection whose handler runs on this thread, if it has left and was in one of `rooms`. `None`
    /// stands for the whole endpoint.
    pub(super) fn leaving_sender(&self, rooms: Option<&[String]>) -> Option<Arc<Live>> {
        let id = Sender::running_recipient()?;
        let live = self.leaving.get(&id)?;
        let its = self.rooms_left.get(&id);
        let is_in = rooms.is_none_or(|rooms| {
            let mut rooms = rooms.iter();
            rooms.any(|room| its.is_some_and(|its| its.iter().any(|left| *left.room == **room)))
        });
        is_in.then(|| live.clone())
    }
}
