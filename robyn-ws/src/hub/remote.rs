//! The connections of other nodes: what is for them leaves here. What other nodes have for those of this one comes in
//! `from_nodes`. Without the feature `backplane`, `no_remote.rs` stands in for this file.

use std::sync::{Arc, OnceLock, atomic::Ordering};

use tokio::{runtime::Handle, sync::Semaphore};

use crate::{
    backplane::{
        Health,
        cluster::Cluster,
        envelope::{Body, Kind, Outcome, Recipients, Scope},
        reports::BackplaneCounters,
        settings::BackplaneSettings,
        subject::{of_endpoint, of_identity, of_room},
        tracked::{RoomName, Tracked},
    },
    hub::{
        Hub,
        audience::{self, Audience},
        from_nodes::HubReceiver,
    },
    types::{
        backplane_delivery::BackplaneDelivery, close::Ending, error::SendError, id::ConnectionId, identity::Identity,
        message::Message, present::Shown,
    },
    util::sync::AtomicBool,
};

/// The most messages of other nodes that wait for room in the queues of clients. Others fail.
const MAX_WAITING: usize = 1024;

/// The other nodes of an app, if it has a backplane.
#[derive(Debug)]
pub(crate) struct Remote {
    cluster: OnceLock<Cluster>,
    /// The people whom this node tracks in rooms.
    tracked: Arc<Tracked>,
    /// Whether there was ever one.
    is_tracking: AtomicBool,
    /// For messages of other nodes that wait.
    pub(super) waiting: Arc<Semaphore>,
}

impl Default for Remote {
    fn default() -> Self {
        Self {
            cluster: OnceLock::new(),
            tracked: Arc::default(),
            is_tracking: AtomicBool::new(false),
            waiting: Arc::new(Semaphore::new(MAX_WAITING)),
        }
    }
}

impl Remote {
    /// Returns an id for a connection of this node.
    pub(crate) fn connection_id(&self) -> ConnectionId {
        self.cluster
            .get()
            .map_or_else(ConnectionId::random, |cluster| cluster.connection_id())
    }

    /// Takes note that this node begins to end.
    pub(crate) fn begin_drain(&self) {
        if let Some(cluster) = self.cluster.get() {
            cluster.begin_drain();
        }
    }

    /// Tells the other nodes that this one ends, after what is queued for them.
    pub(crate) async fn leave(&self) {
        if let Some(cluster) = self.cluster.get() {
            cluster.leave().await;
        }
    }

    // ---- what leaves ----------------------------------------------------------------------------------------------

    /// Queues a broadcast for the other nodes.
    #[inline]
    pub(super) fn broadcast(&self, audience: &Audience, key: Option<&str>, message: &Message) -> BackplaneDelivery {
        let Some(cluster) = self.cluster.get() else {
            return BackplaneDelivery::NotConfigured;
        };
        let body = Body::Message {
            recipients: recipients(audience),
            key,
            kind: Kind::of(message),
            question: None,
        };
        cluster.publish(&body, message.as_bytes())
    }

    /// Closes connections of the other nodes.
    pub(super) fn close(&self, audience: &Audience, ending: &Ending) {
        if let (Some(cluster), Some(frame)) = (self.cluster.get(), &ending.frame) {
            let body = Body::Close {
                recipients: recipients(audience),
                code: frame.code(),
                reason: frame.reason(),
            };
            let _ = cluster.publish(&body, &[]); // It is counted.
        }
    }

    /// Queues a message for a connection of another node.
    pub(crate) fn send_to(&self, path: &str, id: ConnectionId, message: &Message) -> Result<(), SendError> {
        let cluster = self.that_reaches(id)?;
        match cluster.publish(&send(path, id, message, None), message.as_bytes()) {
            BackplaneDelivery::Queued => Ok(()),
            _ => Err(SendError::Unreachable),
        }
    }

    /// Queues a message for a connection of another node, and waits until that has queued it for the client.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, the message may have been sent.
    pub(crate) async fn send_to_wait(&self, path: &str, id: ConnectionId, message: &Message) -> Result<(), SendError> {
        let cluster = self.that_reaches(id)?;
        let question = |number| send(path, id, message, Some(number));
        match cluster.ask(question, message.as_bytes()).await {
            Ok(Some(Outcome::Queued)) => Ok(()),
            Ok(Some(Outcome::NotConnected)) => Err(SendError::NotConnected),
            Ok(Some(Outcome::QueueFull)) => Err(SendError::QueueFull),
            Ok(Some(Outcome::TimedOut)) => Err(SendError::TimedOut),
            Ok(None) | Err(_) => Err(SendError::Unreachable),
        }
    }

    /// Closes a connection of another node.
    pub(crate) fn close_one(&self, path: &str, id: ConnectionId, ending: &Ending) -> Result<(), SendError> {
        let cluster = self.that_reaches(id)?;
        let Some(frame) = &ending.frame else { return Ok(()) };
        let body = Body::Close {
            recipients: one(path, id),
            code: frame.code(),
            reason: frame.reason(),
        };
        match cluster.publish(&body, &[]) {
            BackplaneDelivery::Queued => Ok(()),
            _ => Err(SendError::Unreachable),
        }
    }

    /// Returns the cluster if the connection is one of another node that lives.
    fn that_reaches(&self, id: ConnectionId) -> Result<&Cluster, SendError> {
        let cluster = self.cluster.get().ok_or(SendError::NotConnected)?;
        let node = cluster.other_node_of(id).ok_or(SendError::NotConnected)?;
        if cluster.hears(node) {
            Ok(cluster)
        } else {
            Err(SendError::Unreachable)
        }
    }

    // ---- what is wanted -------------------------------------------------------------------------------------------

    pub(super) fn endpoint_opens(&self, path: &str) {
        if let Some(cluster) = self.cluster.get() {
            cluster.begin_interest(of_endpoint(path));
        }
    }

    #[inline]
    pub(super) fn room_begins(&self, path: &str, room: &str) {
        if let Some(cluster) = self.cluster.get() {
            cluster.begin_interest(of_room(path, room));
        }
    }

    /// Takes note of a connection that has left a room, and maybe was the last one there.
    #[inline]
    pub(super) fn room_left(&self, path: &Arc<str>, room: &Arc<str>, id: ConnectionId, is_last: bool) {
        if self.is_tracking.load(Ordering::Relaxed) {
            self.tracked.untrack(&named(path, room), id);
        }
        if let Some(cluster) = self.cluster.get()
            && is_last
        {
            cluster.room_ends(&named(path, room));
        }
    }

    #[inline]
    pub(super) fn identity_begins(&self, identity: &Identity) {
        if let Some(cluster) = self.cluster.get() {
            cluster.begin_interest(of_identity(identity.as_str()));
        }
    }

    #[inline]
    pub(super) fn identity_ends(&self, identity: &Identity) {
        if let Some(cluster) = self.cluster.get() {
            cluster.end_interest(of_identity(identity.as_str()));
        }
    }
}

impl Remote {
    // ---- people in rooms ------------------------------------------------------------------------------------------

    /// Tracks a connection in a room.
    pub(super) fn track(&self, room: &RoomName, id: ConnectionId, identity: &Identity, shown: Shown) {
        self.is_tracking.store(true, Ordering::Relaxed);
        let is_first = self.tracked.track(room.clone(), id, identity.clone(), shown);
        if let Some(cluster) = self.cluster.get() {
            cluster.is_here(room, identity);
            if is_first {
                cluster.ask_for_people(room);
            }
        }
    }

    /// Takes note of who a connection in a room is now.
    pub(super) fn renamed(&self, path: &Arc<str>, room: &str, id: ConnectionId, identity: &Identity) {
        if self.is_tracking.load(Ordering::Relaxed) {
            self.tracked.rename(&named(path, &room.into()), id, identity);
        }
    }

    /// Returns the people of a room on all nodes: each once for each node.
    pub(super) fn people(&self, room: &RoomName) -> Vec<(Identity, u32, Shown)> {
        let mut people = self.tracked.people(room);
        people.extend(
            self.cluster
                .get()
                .into_iter()
                .flat_map(|cluster| cluster.people_elsewhere(room)),
        );
        people
    }
}

pub(super) fn named(path: &Arc<str>, room: &Arc<str>) -> RoomName {
    RoomName {
        path: path.clone(),
        room: room.clone(),
    }
}

fn send<'a>(path: &'a str, id: ConnectionId, message: &Message, question: Option<u64>) -> Body<'a> {
    Body::Message {
        recipients: one(path, id),
        key: None,
        kind: Kind::of(message),
        question,
    }
}

/// Returns who an audience is, for other nodes.
fn recipients(audience: &Audience) -> Recipients<'_> {
    let rooms = audience.rooms.as_ref();
    Recipients {
        scope: match &audience.scope {
            audience::Scope::Endpoint(endpoint) => Scope::Endpoint(&endpoint.path),
            audience::Scope::Identity(_, identity) => Scope::Identity(identity.as_str()),
        },
        rooms: rooms.map(|rooms| rooms.iter().map(String::as_str).collect()),
        except: audience.except.iter().map(|id| id.to_bytes()).collect(),
    }
}

fn one(path: &str, id: ConnectionId) -> Recipients<'_> {
    Recipients {
        scope: Scope::Connection(path, id.to_bytes()),
        rooms: None,
        except: Vec::new(),
    }
}

impl Hub {
    /// Joins the other nodes of the app.
    pub(crate) fn join_cluster(&self, settings: BackplaneSettings, runtime: &Handle) {
        let receiver = Arc::new(HubReceiver::new(self));
        let Remote { cluster, tracked, .. } = self.remote();
        cluster.get_or_init(|| Cluster::join(settings, tracked.clone(), receiver, runtime));
    }

    /// Returns whether the backplane is connected, or `None` if the app has none.
    pub fn backplane_health(&self) -> Option<Health> {
        let cluster = self.cluster()?;
        Some(if cluster.is_up() { Health::Up } else { Health::Down })
    }

    /// Returns the counters of the backplane, or `None` if the app has none.
    pub fn backplane_counters(&self) -> Option<BackplaneCounters> {
        self.cluster().map(|cluster| cluster.counters())
    }

    pub(super) fn cluster(&self) -> Option<&Cluster> {
        self.remote().cluster.get()
    }
}
