//! A process that publishes and has no sockets: a worker, or a cron job.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::{sync::Semaphore, time::timeout};

use crate::{
    backplane::{
        Backplane, BackplaneError, Health, Inbox, Receive,
        envelope::{Body, Kind, MAX_HEADER, Recipients, Scope, encode_body},
        key::{BackplaneKey, TAG},
        node::NodeId,
        publish_error::PublishError,
        sealing::Sealing,
    },
    types::{
        close::{CloseFrame, close_code},
        id::ConnectionId,
        identity::Identity,
        message::Message,
    },
    util::{isolate, sync::Mutex},
};

/// How long a backplane has to take what is published.
const PATIENCE: Duration = Duration::from_secs(5);

/// Publishes to the connections of an app from a process without sockets: a worker, or a cron job. Cheap to clone. It needs the
/// cargo feature `backplane`.
///
/// ```no_run
/// use robyn_ws::{Backplane, BackplaneKey, PublishError, Publisher};
///
/// # async fn run(backplane: impl Backplane) -> Result<(), PublishError> {
/// let publisher = Publisher::new(backplane).key(BackplaneKey::new("a long secret of this deployment"));
/// publisher.endpoint("/chat/{room}").to("kitchen").broadcast("dinner").await?;
/// publisher.identity("u17").close_with(4401, "revoked").await?;
/// # Ok(())
/// # }
/// ```
///
/// What is published reaches the nodes at most once, in the order in which one publisher has published it, and an error says
/// that the backplane did not take it. Whether a connection has got it, no answer says.
#[derive(Clone)]
pub struct Publisher {
    backplane: Arc<dyn Backplane>,
    key: Option<BackplaneKey>,
    sealing: Arc<Mutex<Sealing>>,
    /// Held while something is published, so that numbers are published in their order.
    turn: Arc<Semaphore>,
}

impl Publisher {
    /// Creates a publisher, in a tokio runtime.
    ///
    /// A job that publishes and ends takes the backplane of `Nats::connect` or `Redis::connect`, which wait for the connection.
    /// That of `connect_lazy` connects in the background from here on: until [`health`](Self::health) is [`Health::Up`],
    /// nothing can be published.
    pub fn new(backplane: impl Backplane) -> Self {
        backplane.open(Inbox::new(Arc::new(NoReceiver)));
        Self {
            backplane: Arc::new(backplane),
            sealing: Arc::new(Mutex::new(Sealing::new(NodeId::random(), None))),
            turn: Arc::new(Semaphore::new(1)),
            key: None,
        }
    }

    /// Authenticates what is published, as the nodes do: [`App::backplane_key`](crate::App::backplane_key). Without it, nodes
    /// with a key ignore everything, and nodes without one ignore closes.
    ///
    /// With a secret of fewer than 16 bytes, nothing is published: [`PublishError::ShortSecret`].
    #[must_use]
    pub fn key(self, key: BackplaneKey) -> Self {
        Self {
            sealing: Arc::new(Mutex::new(Sealing::new(NodeId::random(), Some(key.clone())))),
            key: Some(key),
            ..self
        }
    }

    /// Returns the connections of the endpoint at `path`, written as [`Hub::endpoint`](crate::Hub::endpoint) takes it. Whether
    /// the app has such an endpoint, nobody checks.
    pub fn endpoint(&self, path: impl Into<String>) -> RemoteAudience {
        RemoteAudience::new(self.clone(), Target::Endpoint(path.into()))
    }

    /// Returns the connections of a person, on all endpoints.
    pub fn identity(&self, identity: impl Into<Identity>) -> RemoteAudience {
        RemoteAudience::new(self.clone(), Target::Identity(identity.into()))
    }

    /// Returns one connection of the endpoint at `path`, wherever it is. Whether it is open, nobody checks.
    pub fn connection(&self, path: impl Into<String>, id: ConnectionId) -> RemoteConnection {
        let target = Target::Connection(path.into(), id);
        RemoteConnection(RemoteAudience::new(self.clone(), target))
    }

    /// Returns whether the backplane is connected.
    pub fn health(&self) -> Health {
        self.backplane.health()
    }

    async fn publish(&self, body: &Body<'_>, payload: &[u8]) -> Result<(), PublishError> {
        if self.key.as_ref().is_some_and(|key| key.problem().is_some()) {
            return Err(PublishError::ShortSecret);
        }
        let encoded = encode_body(body, payload).map_err(BackplaneError::failed)?;
        let tag = self.key.as_ref().map_or(0, |_| TAG);
        let (size, limit) = (encoded.len() + MAX_HEADER + tag, self.backplane.max_payload());
        if size > limit {
            return Err(PublishError::TooLarge { size, limit });
        }
        let subject = body.subject();
        let _turn = self.turn.acquire().await.map_err(BackplaneError::failed)?;
        let sealed = self.sealing.lock().seal(subject, &encoded);
        let envelope = sealed.map_err(BackplaneError::failed)?;
        let publishing = async {
            self.backplane.publish(subject, envelope).await?;
            self.backplane.flush().await
        };
        match timeout(PATIENCE, isolate::future(publishing)).await {
            Err(_) => Err(PublishError::TimedOut),
            Ok(Err(_panicked)) => Err(BackplaneError::failed("it panicked").into()),
            Ok(Ok(published)) => Ok(published?),
        }
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher")
            .field("backplane", &self.backplane)
            .finish_non_exhaustive()
    }
}

/// Connections of an app, as a [`Publisher`] names them, on all nodes.
#[derive(Clone)]
#[must_use = "an audience does nothing until something is published to it"]
pub struct RemoteAudience {
    publisher: Publisher,
    target: Target,
    rooms: Option<Vec<String>>,
    except: Vec<ConnectionId>,
    key: Option<String>,
}

#[derive(Clone)]
enum Target {
    Endpoint(String),
    Identity(Identity),
    Connection(String, ConnectionId),
}

impl RemoteAudience {
    const fn new(publisher: Publisher, target: Target) -> Self {
        Self {
            publisher,
            target,
            rooms: None,
            except: Vec::new(),
            key: None,
        }
    }

    /// Narrows the audience to the members of `room`, or adds them if it has been narrowed to a room before.
    pub fn to(mut self, room: impl Into<String>) -> Self {
        let rooms = self.rooms.get_or_insert_default();
        rooms.push(room.into());
        rooms.sort_unstable();
        rooms.dedup();
        self
    }

    /// Excludes the connection `id`.
    pub fn except(mut self, id: ConnectionId) -> Self {
        self.except.push(id);
        self.except.sort_unstable();
        self.except.dedup();
        self
    }

    /// Returns the audience for the newest message of `key`, as [`Audience::keyed`](crate::Audience::keyed).
    pub fn keyed(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Publishes a message for the audience.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if the backplane has not taken it, or the secret of the key is too short.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, it may have been published.
    pub async fn broadcast(&self, message: impl Into<Message>) -> Result<(), PublishError> {
        let message = message.into();
        let body = Body::Message {
            recipients: self.recipients(),
            key: self.key.as_deref(),
            kind: Kind::of(&message),
            question: None,
        };
        self.publisher.publish(&body, message.as_bytes()).await
    }

    /// Closes the connections of the audience with code 1000, as [`Self::close_with`].
    ///
    /// # Errors
    ///
    /// As [`Self::broadcast`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::broadcast`].
    pub async fn close(&self) -> Result<(), PublishError> {
        self.close_with(close_code::NORMAL, "").await
    }

    /// Closes the connections of the audience with `code` and `reason`, as
    /// [`Audience::close_with`](crate::Audience::close_with). Nodes do it if the publisher has their key, or if they trust all.
    ///
    /// # Errors
    ///
    /// As [`Self::broadcast`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::broadcast`].
    pub async fn close_with(&self, code: u16, reason: impl Into<String>) -> Result<(), PublishError> {
        // A code that cannot be sent is told here, and not at each node.
        let frame = CloseFrame::new(code, reason);
        let body = Body::Close {
            recipients: self.recipients(),
            code: frame.code(),
            reason: frame.reason(),
        };
        self.publisher.publish(&body, &[]).await
    }

    fn recipients(&self) -> Recipients<'_> {
        let rooms = self.rooms.as_ref();
        Recipients {
            scope: match &self.target {
                Target::Endpoint(path) => Scope::Endpoint(path),
                Target::Identity(identity) => Scope::Identity(identity.as_str()),
                Target::Connection(path, id) => Scope::Connection(path, id.to_bytes()),
            },
            rooms: rooms.map(|rooms| rooms.iter().map(String::as_str).collect()),
            except: self.except.iter().map(|id| id.to_bytes()).collect(),
        }
    }
}

/// Prints neither rooms nor identities, which often are names of people.
impl fmt::Debug for RemoteAudience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteAudience").finish_non_exhaustive()
    }
}

/// One connection of an app, as a [`Publisher`] names it, on whatever node.
#[derive(Clone)]
#[must_use = "nothing happens until something is published to it"]
pub struct RemoteConnection(RemoteAudience);

impl RemoteConnection {
    /// Publishes a message for the connection.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if the backplane has not taken it.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, it may have been published.
    pub async fn send(&self, message: impl Into<Message>) -> Result<(), PublishError> {
        self.0.broadcast(message).await
    }

    /// Closes the connection with code 1000, as [`Self::close_with`].
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::send`].
    pub async fn close(&self) -> Result<(), PublishError> {
        self.0.close().await
    }

    /// Closes the connection with `code` and `reason`, as [`RemoteAudience::close_with`].
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::send`].
    pub async fn close_with(&self, code: u16, reason: impl Into<String>) -> Result<(), PublishError> {
        self.0.close_with(code, reason).await
    }
}

impl fmt::Debug for RemoteConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteConnection").finish_non_exhaustive()
    }
}

/// Takes nothing: a publisher has no interests.
struct NoReceiver;

impl Receive for NoReceiver {
    fn receive(&self, _payloads: &mut dyn Iterator<Item = Bytes>) {}

    fn health_changed(&self, _health: Health) {}

    fn lost(&self, _payloads: u64) {}
}
