//! The recipients of a broadcast, and the broadcast itself.

use std::{
    fmt,
    future::{Ready, ready},
    sync::Arc,
};

use futures_util::future::join_all;

use serde::Serialize;
use smallvec::{SmallVec, smallvec};

use crate::{
    hub::{
        directory::EndpointRef,
        identities::Identities,
        keyed::KeyedAudience,
        live::Live,
        members::EndpointMembers,
        recipients::Recipients,
        remote::Remote,
        share::{Share, encode, forms_in},
    },
    mailbox::Pushed,
    types::{
        backplane_delivery::BackplaneDelivery,
        close::{Ending, close_code},
        error::{JsonError, SendError},
        id::ConnectionId,
        identity::Identity,
        message::Message,
    },
    wire::deflate::BroadcastFrame,
};

/// The result of a broadcast.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/talk", on = "message")]
/// fn say(ws: WebSocketConnector, msg: String) -> String {
///     let delivery = ws.others().sync_broadcast(msg);
///     format!("queued for {}, dropped {}", delivery.queued, delivery.dropped)
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// Number of connections that the message was queued for. A connection whose upgrade is not complete gets the
    /// message but is not counted.
    pub queued: usize,
    /// Number of messages dropped because a queue was full. Under [`Overflow::DropOldest`](crate::Overflow::DropOldest)
    /// these are older messages, otherwise this message.
    pub dropped: usize,
    /// Number of the connections in `queued` for which this message replaced one that has the same key:
    /// [`Audience::keyed`].
    pub replaced: usize,
    /// What became of the message for the connections of other nodes, which the numbers do not count.
    pub backplane: BackplaneDelivery,
}

impl Delivery {
    pub(super) const fn of(queued: usize) -> Self {
        Self {
            queued,
            dropped: 0,
            replaced: 0,
            backplane: BackplaneDelivery::NotConfigured,
        }
    }

    pub(super) fn sum(self, other: Self) -> Self {
        Self {
            queued: self.queued + other.queued,
            dropped: self.dropped + other.dropped,
            replaced: self.replaced + other.replaced,
            backplane: self.backplane.and(other.backplane),
        }
    }

    #[inline]
    pub(super) fn add(&mut self, live: &Live, pushed: Result<Pushed, SendError>) {
        self.queued += usize::from(pushed.is_ok());
        // The overflow policy acts on the connection. The sender only sees this `Delivery`.
        self.dropped += live.handle_drops(pushed);
    }
}

/// The recipients of a broadcast: all connections of an endpoint, or the members of some rooms, minus exceptions. Each
/// connection receives the broadcast once. [`Hub::identity`](crate::Hub::identity) returns the audience of all connections
/// of one person, on every endpoint.
///
/// The first room narrows the audience to its members. Each further room adds its members: `ws.others().to("red")` are
/// the others in red, and `ws.others().to("red").to("blue")` are the others in red or blue.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/game", on = "message")]
/// fn shout(ws: WebSocketConnector, msg: String) {
///     ws.others().to("red").to("blue").sync_broadcast(msg);
/// }
/// ```
#[derive(Clone)]
#[must_use = "an audience does nothing until something is broadcast to it"]
pub struct Audience {
    pub(super) scope: Scope,
    /// Sorted, without duplicates. `None` stands for all connections.
    pub(super) rooms: Option<Vec<String>>,
    /// Sorted, without duplicates.
    pub(super) except: Vec<ConnectionId>,
}

/// The connections that rooms and exceptions narrow.
#[derive(Clone)]
pub(super) enum Scope {
    Endpoint(EndpointRef),
    /// The connections of an identity, on all endpoints.
    Identity(Arc<Identities>, Identity),
}

/// No message implements it: a call of `broadcast` is explained by the compiler, whose own suggestion is `sync_broadcast`
/// also where the call is awaited.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "there is no `broadcast`: the methods are `async_broadcast` and `sync_broadcast`",
    label = "write `.async_broadcast(..).await`, or `.sync_broadcast(..)` in a function that is not `async`"
)]
pub trait BroadcastIsSyncOrAsync {}

impl Audience {
    pub(crate) const fn everyone(endpoint: EndpointRef) -> Self {
        Self::new(Scope::Endpoint(endpoint))
    }

    pub(super) const fn of_identity(identities: Arc<Identities>, identity: Identity) -> Self {
        Self::new(Scope::Identity(identities, identity))
    }

    const fn new(scope: Scope) -> Self {
        Self {
            scope,
            rooms: None,
            except: Vec::new(),
        }
    }

    /// Narrows the audience to the members of `room`, or adds them if it has been narrowed to a room before. Exceptions
    /// stay excluded.
    pub fn to(mut self, room: impl AsRef<str>) -> Self {
        insert_sorted(self.rooms.get_or_insert_default(), room.as_ref().to_owned());
        self
    }

    /// Excludes the connection `id`, in all rooms.
    pub fn except(mut self, id: ConnectionId) -> Self {
        insert_sorted(&mut self.except, id);
        self
    }

    /// Returns this audience for broadcasts of which each client needs only the newest with this `key`: at most one waits in
    /// the server's queue of a client.
    pub fn keyed(self, key: impl AsRef<str>) -> KeyedAudience {
        KeyedAudience::new(self, key.as_ref())
    }

    #[doc(hidden)]
    pub fn broadcast<M: BroadcastIsSyncOrAsync>(&self, _message: M) -> Ready<Delivery> {
        ready(Delivery::default())
    }

    /// Queues `message` for the audience without waiting. If a queue is full,
    /// [`Limits::overflow`](crate::Limits::overflow) applies. The message is encoded once.
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let message = message.into();
        let delivery = self.broadcast_here(None, &message);
        Delivery {
            backplane: self.remote().broadcast(self, None, &message),
            ..delivery
        }
    }

    /// Queues `message` for the connections of this node, as [`Self::sync_broadcast`], or as that of [`Self::keyed`].
    pub(super) fn broadcast_here(&self, key: Option<&str>, message: &Message) -> Delivery {
        if let Some(key) = key {
            return self.clone().keyed(key).broadcast_here(message);
        }
        let shares = self.shares(message).into_iter();
        shares.map(Share::push).fold(Delivery::default(), Delivery::sum)
    }

    /// Queues `message` for the audience, and waits for the connections whose queue is full.
    ///
    /// It waits for all of them at the same time, at most for
    /// [`Limits::broadcast_timeout`](crate::Limits::broadcast_timeout). Then
    /// [`Limits::overflow`](crate::Limits::overflow) applies. After a timeout, later broadcasts do not wait for the
    /// same client until it takes bytes. The message is encoded once.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, connections whose queue had room have the message, and the others do not.
    pub async fn async_broadcast(&self, message: impl Into<Message>) -> Delivery {
        let message = message.into();
        let mut shares = self.shares(&message);
        let backplane = self.remote().broadcast(self, None, &message);
        let delivery = if shares.len() == 1
            && let Some(share) = shares.pop()
        {
            share.push_wait().await
        } else {
            let deliveries = join_all(shares.into_iter().map(Share::push_wait)).await;
            deliveries.into_iter().fold(Delivery::default(), Delivery::sum)
        };
        Delivery { backplane, ..delivery }
    }

    /// Queues `value` as JSON for the audience, as [`Self::sync_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be serialized to JSON.
    pub fn sync_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.sync_broadcast(Message::json(value)?))
    }

    /// Queues `value` as JSON for the audience, as [`Self::async_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be serialized to JSON.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::async_broadcast`].
    pub async fn async_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.async_broadcast(Message::json(value)?).await)
    }

    /// Returns the number of connections in the audience.
    pub fn count(&self) -> usize {
        let Scope::Endpoint(endpoint) = &self.scope else {
            return self.members().len();
        };
        match self.rooms.as_deref() {
            None => endpoint.count_except(&self.except),
            Some([room]) => endpoint.count_in(room, &self.except),
            Some(union) => endpoint.count_in_any(union, &self.except),
        }
    }

    /// Returns the ids of the connections in the audience, in no particular order.
    pub fn ids(&self) -> Vec<ConnectionId> {
        self.members().iter().map(|live| live.id).collect()
    }

    /// Returns the identities of the connections in the audience, sorted and each once. Connections without an identity are
    /// left out.
    pub fn identities(&self) -> Vec<Identity> {
        let mut identities = match &self.scope {
            Scope::Endpoint(endpoint) => endpoint.identities_in(self.rooms.as_deref(), &self.except),
            Scope::Identity(_, identity) => self.members().first().map(|_| identity.clone()).into_iter().collect(),
        };
        identities.sort_unstable();
        identities.dedup();
        identities
    }

    /// Closes the connections in the audience with code 1000, as [`Self::close_with`]. Returns the number of those of this node.
    pub fn close(&self) -> usize {
        self.close_with(close_code::NORMAL, "")
    }

    /// Closes the connections in the audience with `code` and `reason`, as
    /// [`WebSocketConnector::close_with`](crate::WebSocketConnector::close_with). Returns the number of those of this node. An
    /// audience without rooms includes connections whose upgrade is not complete: they are closed as soon as they exist.
    ///
    /// Other nodes are told to close theirs, and do not answer. While the backplane is down they are not, which a warning in
    /// the log says: `Hub::backplane_health` tells before.
    pub fn close_with(&self, code: u16, reason: impl Into<String>) -> usize {
        let ending = Ending::server(code, reason);
        let closed = self.close_here(&ending);
        self.remote().close(self, &ending);
        closed
    }

    /// Closes the connections of this node in the audience. Returns their number.
    pub(super) fn close_here(&self, ending: &Ending) -> usize {
        let (members, pending) = self.members_and_pending();
        for live in members.iter().chain(&pending) {
            live.close(ending.clone());
        }
        members.len() + pending.len()
    }

    /// Returns the other nodes of the app.
    #[inline]
    pub(super) fn remote(&self) -> &Remote {
        match &self.scope {
            Scope::Endpoint(endpoint) => endpoint.remote(),
            Scope::Identity(identities, _) => identities.remote(),
        }
    }

    fn members(&self) -> Vec<Arc<Live>> {
        self.members_and_pending().0
    }

    /// Returns the connections in the audience, and those whose 101 is not sent yet, which are in no room.
    fn members_and_pending(&self) -> (Vec<Arc<Live>>, Vec<Arc<Live>>) {
        let rooms = self.rooms.as_deref();
        match &self.scope {
            Scope::Endpoint(endpoint) => endpoint.members_and_pending(rooms, &self.except),
            Scope::Identity(identities, identity) => {
                let mut divided = (Vec::new(), Vec::new());
                for (endpoint, connections) in identities.by_endpoint(identity, &self.except) {
                    let (members, pending) = endpoint.divide(connections, identity, rooms);
                    divided.0.extend(members);
                    divided.1.extend(pending);
                }
                divided
            }
        }
    }

    /// Returns the endpoints that can have recipients of a broadcast.
    pub(super) fn endpoints(&self) -> SmallVec<[Arc<EndpointMembers>; 1]> {
        match &self.scope {
            Scope::Endpoint(endpoint) => smallvec![Arc::clone(endpoint)],
            Scope::Identity(identities, identity) => {
                let by_endpoint = identities.recipients(identity, &self.except).into_iter();
                by_endpoint.map(|(endpoint, _)| endpoint).collect()
            }
        }
    }

    /// Encodes a message, once for each form of the recipients at one of the endpoints.
    pub(super) fn encode(&self, endpoint: &EndpointMembers, message: &Message) -> BroadcastFrame {
        let rooms = match &self.scope {
            Scope::Endpoint(_) => self.rooms.as_deref(),
            Scope::Identity(..) => None,
        };
        encode(endpoint, message, forms_in(endpoint, rooms))
    }

    /// Returns the recipients of a broadcast at one of the endpoints now.
    pub(super) fn recipients(&self, endpoint: &Arc<EndpointMembers>) -> Recipients {
        let rooms = self.rooms.as_deref();
        match &self.scope {
            Scope::Endpoint(_) => endpoint.recipients(rooms, &self.except),
            Scope::Identity(identities, identity) => {
                let mut by_endpoint = identities.recipients(identity, &self.except).into_iter();
                let its = by_endpoint.find(|(its, _)| Arc::ptr_eq(its, endpoint));
                let (connections, pending) =
                    its.map_or_else(Default::default, |(_, its)| endpoint.divide(its, identity, rooms));
                Recipients { connections, pending }
            }
        }
    }

    /// Begins a broadcast, with a share for each endpoint.
    fn shares(&self, message: &Message) -> SmallVec<[Share; 1]> {
        let rooms = self.rooms.as_deref();
        match &self.scope {
            Scope::Endpoint(endpoint) => smallvec![Share::of_endpoint(endpoint, rooms, &self.except, message)],
            Scope::Identity(identities, identity) => {
                let by_endpoint = identities.recipients(identity, &self.except).into_iter();
                by_endpoint
                    .map(|(endpoint, connections)| {
                        let (direct, pending) = endpoint.divide(connections, identity, rooms);
                        Share::of_connections(endpoint, direct, &pending, message)
                    })
                    .collect()
            }
        }
    }
}

impl fmt::Debug for Audience {
    /// Prints the number of rooms and not their names, which often are names of people.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut audience = f.debug_struct("Audience");
        match &self.scope {
            Scope::Endpoint(endpoint) => audience.field("endpoint", endpoint),
            Scope::Identity(_, identity) => audience.field("identity", identity),
        };
        audience
            .field("rooms", &self.rooms.as_ref().map(Vec::len))
            .field("except", &self.except)
            .finish()
    }
}

/// Inserts `value` unless it is there already.
fn insert_sorted<T: Ord>(sorted: &mut Vec<T>, value: T) {
    if let Err(place) = sorted.binary_search(&value) {
        sorted.insert(place, value);
    }
}
