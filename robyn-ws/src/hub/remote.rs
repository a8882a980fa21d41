//! The connections of other nodes: what is for them leaves here, and what other nodes have for those of this one comes here.
//! Without the feature `backplane`, `no_remote.rs` stands in for this file.

use std::sync::{Arc, OnceLock, Weak};

use bytes::Bytes;
use futures_util::FutureExt;
use tokio::runtime::Handle;

use crate::{
    backplane::{
        Health, Receive,
        cluster::Cluster,
        envelope::{Body, Envelope, Id, Kind, Outcome, Recipients, Scope},
        node::NodeId,
        reports::BackplaneCounters,
        settings::BackplaneSettings,
        subject::{of_endpoint, of_identity, of_room},
    },
    hub::{
        Hub, HubInner,
        audience::{self, Audience},
        directory::EndpointRef,
        members::EndpointMembers,
    },
    types::{
        backplane_delivery::BackplaneDelivery, close::Ending, error::SendError, id::ConnectionId, identity::Identity,
        message::Message,
    },
};

/// The other nodes of an app, if it has a backplane.
#[derive(Debug, Default)]
pub(crate) struct Remote(OnceLock<Cluster>);

impl Remote {
    /// Returns an id for a connection of this node.
    pub(crate) fn connection_id(&self) -> ConnectionId {
        self.0
            .get()
            .map_or_else(ConnectionId::random, |cluster| cluster.connection_id())
    }

    /// Tells the other nodes that this one ends, after what is queued for them.
    pub(crate) async fn leave(&self) {
        if let Some(cluster) = self.0.get() {
            cluster.leave().await;
        }
    }

    // ---- what leaves ----------------------------------------------------------------------------------------------

    /// Queues a broadcast for the other nodes.
    #[inline]
    pub(super) fn broadcast(&self, audience: &Audience, key: Option<&str>, message: &Message) -> BackplaneDelivery {
        let Some(cluster) = self.0.get() else {
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
        if let (Some(cluster), Some(frame)) = (self.0.get(), &ending.frame) {
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
        let cluster = self.0.get().ok_or(SendError::NotConnected)?;
        let node = cluster.other_node_of(id).ok_or(SendError::NotConnected)?;
        if cluster.hears(node) {
            Ok(cluster)
        } else {
            Err(SendError::Unreachable)
        }
    }

    // ---- what is wanted -------------------------------------------------------------------------------------------

    pub(super) fn endpoint_opens(&self, path: &str) {
        if let Some(cluster) = self.0.get() {
            cluster.begin_interest(of_endpoint(path));
        }
    }

    #[inline]
    pub(super) fn room_begins(&self, path: &str, room: &str) {
        if let Some(cluster) = self.0.get() {
            cluster.begin_interest(of_room(path, room));
        }
    }

    #[inline]
    pub(super) fn room_ends(&self, path: &str, room: &str) {
        if let Some(cluster) = self.0.get() {
            cluster.end_interest(of_room(path, room));
        }
    }

    #[inline]
    pub(super) fn identity_begins(&self, identity: &Identity) {
        if let Some(cluster) = self.0.get() {
            cluster.begin_interest(of_identity(identity.as_str()));
        }
    }

    #[inline]
    pub(super) fn identity_ends(&self, identity: &Identity) {
        if let Some(cluster) = self.0.get() {
            cluster.end_interest(of_identity(identity.as_str()));
        }
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
        let receiver = Arc::new(HubReceiver(Arc::downgrade(&self.0)));
        self.remote()
            .0
            .get_or_init(|| Cluster::join(settings, receiver, runtime));
    }

    /// Returns whether the backplane is connected, or `None` if the app has none.
    pub fn backplane_health(&self) -> Option<Health> {
        let cluster = self.remote().0.get()?;
        Some(if cluster.is_up() { Health::Up } else { Health::Down })
    }

    /// Returns the counters of the backplane, or `None` if the app has none.
    pub fn backplane_counters(&self) -> Option<BackplaneCounters> {
        self.remote().0.get().map(|cluster| cluster.counters())
    }

    fn cluster(&self) -> Option<&Cluster> {
        self.remote().0.get()
    }
}

/// Takes what comes for the connections of this node.
struct HubReceiver(Weak<HubInner>);

impl Receive for HubReceiver {
    fn receive(&self, payloads: &mut dyn Iterator<Item = Bytes>) {
        let hub = self.0.upgrade().map(Hub);
        if let Some((hub, cluster)) = hub.as_ref().and_then(|hub| Some((hub, hub.cluster()?))) {
            cluster.receive(payloads, |envelope| hub.apply(cluster, envelope));
        }
    }

    fn health_changed(&self, health: Health) {
        let hub = self.0.upgrade().map(Hub);
        if let Some(cluster) = hub.as_ref().and_then(Hub::cluster) {
            cluster.health_changed(health);
        }
    }

    fn lost(&self, payloads: u64) {
        let hub = self.0.upgrade().map(Hub);
        if let Some(cluster) = hub.as_ref().and_then(Hub::cluster) {
            cluster.lost(payloads);
        }
    }
}

impl Hub {
    /// Does what another node asks for.
    fn apply(&self, cluster: &Cluster, envelope: Envelope<'_>) {
        let Envelope { header, body, payload } = envelope;
        match body {
            Body::Message {
                recipients,
                key,
                kind,
                question,
            } => match (kind.message(payload), recipients.scope) {
                (Err(why), _) => cluster.ignored(why),
                (Ok(message), Scope::Connection(path, id)) => {
                    self.send_here((path, id), &message, question.map(|question| (header.origin, question)));
                }
                (Ok(message), _) => {
                    if let Some(audience) = self.audience_here(&recipients) {
                        audience.broadcast_here(key, &message);
                    }
                }
            },
            Body::Close {
                recipients,
                code,
                reason,
            } => match recipients.scope {
                Scope::Connection(path, id) => {
                    if let Some(live) = self
                        .member(path)
                        .and_then(|endpoint| endpoint.find(ConnectionId::of_bytes(id)))
                    {
                        live.close(Ending::server(code, reason));
                    }
                }
                _ => {
                    if let Some(audience) = self.audience_here(&recipients) {
                        audience.close_here(&Ending::server(code, reason));
                    }
                }
            },
            Body::Answer { .. } | Body::Hello | Body::Alive | Body::Leaving => {}
        }
    }

    /// Queues a message for one connection, and answers the question whether it was.
    fn send_here(&self, (path, id): (&str, Id), message: &Message, question: Option<(NodeId, u64)>) {
        let live = self
            .member(path)
            .and_then(|endpoint| endpoint.find(ConnectionId::of_bytes(id)));
        let Some((asker, question)) = question else {
            if let Some(live) = live {
                let _ = live.send(message); // The policy of the queue has been applied, and nobody asks.
            }
            return;
        };
        let Some(live) = live else {
            return self.answer(asker, question, Err(SendError::NotConnected));
        };
        let (hub, message, runtime) = (self.clone(), message.clone(), live.flusher.runtime().clone());
        let mut sending = Box::pin(async move { live.send_wait(&message).await });
        match (&mut sending).now_or_never() {
            Some(sent) => self.answer(asker, question, sent),
            None => {
                runtime.spawn(async move {
                    let sent = sending.await;
                    hub.answer(asker, question, sent);
                });
            }
        }
    }

    fn answer(&self, asker: NodeId, question: u64, sent: Result<(), SendError>) {
        let outcome = match sent {
            Ok(()) => Outcome::Queued,
            Err(SendError::QueueFull) => Outcome::QueueFull,
            Err(SendError::TimedOut) => Outcome::TimedOut,
            Err(SendError::NotConnected | SendError::Unreachable) => Outcome::NotConnected,
        };
        if let Some(cluster) = self.cluster() {
            cluster.answer(asker, question, outcome);
        }
    }

    /// Returns the endpoint at `path`. Other nodes may have endpoints that this one does not have.
    fn member(&self, path: &str) -> Option<&Arc<EndpointMembers>> {
        self.endpoints().find(|endpoint| *endpoint.path == *path)
    }

    fn audience_here(&self, recipients: &Recipients<'_>) -> Option<Audience> {
        let audience = match recipients.scope {
            Scope::Endpoint(path) => Audience::everyone(EndpointRef::Found(self.member(path)?.clone())),
            Scope::Identity(identity) => self.identity(identity),
            Scope::Connection(..) => return None,
        };
        let rooms = recipients.rooms.iter().flatten();
        let audience = rooms.fold(audience, Audience::to);
        let except = recipients.except.iter().copied().map(ConnectionId::of_bytes);
        Some(except.fold(audience, Audience::except))
    }
}
