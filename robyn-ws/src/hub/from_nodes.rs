//! What other nodes have for the connections of this one.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures_util::FutureExt;

use crate::{
    backplane::{
        Health, Receive,
        cluster::Cluster,
        envelope::{Body, Envelope, Id, Outcome, Recipients, Scope},
        node::NodeId,
    },
    hub::{Hub, HubInner, audience::Audience, directory::EndpointRef, live::Live, members::EndpointMembers},
    types::{close::Ending, error::SendError, id::ConnectionId, message::Message},
};

/// Takes what comes for the connections of this node.
pub(super) struct HubReceiver(Weak<HubInner>);

impl HubReceiver {
    pub(super) fn new(hub: &Hub) -> Self {
        Self(Arc::downgrade(&hub.0))
    }
}

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
                    if let Some(live) = self.live(path, id) {
                        live.close(Ending::server(code, reason));
                    }
                }
                _ => {
                    if let Some(audience) = self.audience_here(&recipients) {
                        audience.close_here(&Ending::server(code, reason));
                    }
                }
            },
            // For the node, and not for its connections.
            _ => {}
        }
    }

    /// Queues a message for one connection, and answers the question whether it was.
    fn send_here(&self, (path, id): (&str, Id), message: &Message, question: Option<(NodeId, u64)>) {
        let live = self.live(path, id);
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
        if let Some(sent) = (&mut sending).now_or_never() {
            return self.answer(asker, question, sent);
        }
        let Ok(permit) = self.remote().waiting.clone().try_acquire_owned() else {
            return self.answer(asker, question, Err(SendError::QueueFull));
        };
        runtime.spawn(async move {
            let sent = sending.await;
            hub.answer(asker, question, sent);
            drop(permit);
        });
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

    /// Returns the connection with this id, if it is one of this node.
    fn live(&self, path: &str, id: Id) -> Option<Arc<Live>> {
        self.member(path)?.find(ConnectionId::of_bytes(id))
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
