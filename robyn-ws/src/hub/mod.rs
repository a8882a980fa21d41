//! The live connections of an app in this process.
//!
//! `members`, `rooms`, `people`, `identities`, `group`, `live`, `flusher`, `batch` and `sweep` are one structure whose
//! parts refer to each other: an endpoint has members, a member has a flusher, a flusher has batches of members. They
//! are the only circle of imports in the crate.

pub(crate) mod admission;
pub(crate) mod audience;
mod batch;
mod calls;
pub(crate) mod directory;
pub(crate) mod drain;
pub(crate) mod flusher;
mod forms;
#[cfg(feature = "backplane")]
mod from_nodes;
mod group;
pub(crate) mod identities;
pub(crate) mod keyed;
mod keyed_order;
pub(crate) mod live;
#[cfg(all(feature = "backplane", feature = "test-util"))]
mod meeting;
pub(crate) mod members;
pub(crate) mod people;
mod presence;
#[cfg(all(test, races))]
mod races;
mod recipients;
#[cfg_attr(not(feature = "backplane"), path = "no_remote.rs")]
pub(crate) mod remote;
pub(crate) mod rooms;
mod share;
pub(crate) mod sweep;
pub(crate) mod telemetry;
#[cfg(feature = "backplane")]
mod tracking;
pub(crate) mod warnings;

use std::{
    any::Any,
    fmt,
    future::{Ready, ready},
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use serde::Serialize;

use crate::{
    hub::{
        audience::{Audience, BroadcastIsSyncOrAsync, Delivery},
        directory::{Directory, EndpointRef},
        drain::Drain,
        identities::Identities,
        keyed::KeyedAudience,
        live::Live,
        members::EndpointMembers,
    },
    types::{
        close::{Ending, close_code},
        error::{JsonError, SendError},
        id::ConnectionId,
        message::Message,
    },
    util::log,
};

/// The live connections of an app, for code outside handlers.
///
/// [`App::hub`](crate::App::hub) returns it, and clones are cheap. It is also an axum extractor. It works in routes
/// given to [`App::http`](crate::App::http), behind `.layer(Extension(app.hub()))`, and where the hub is the router's
/// state.
///
/// ```
/// use robyn_ws::{axum::{Router, routing::post}, prelude::*};
///
/// #[websocket("/news", on = "connect")]
/// fn connect() {}
///
/// async fn publish(hub: Hub, news: String) -> String {
///     let delivery = hub.endpoint("/news").sync_broadcast(news);
///     format!("sent to {}", delivery.queued)
/// }
///
/// let app = App::new().http(Router::new().route("/publish", post(publish)));
/// # drop(app);
/// ```
#[derive(Clone)]
pub struct Hub(Arc<HubInner>);

struct HubInner {
    endpoints: Arc<Directory>,
    drain: Arc<Drain>,
    identities: Arc<Identities>,
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(HubInner {
            endpoints: Arc::default(),
            drain: Arc::new(Drain::new()),
            identities: Arc::default(),
        }))
    }

    /// Sets the endpoints. An app is built once, because building consumes it.
    pub(crate) fn open(&self, endpoints: impl Iterator<Item = Arc<EndpointMembers>>) {
        self.0.endpoints.open(endpoints);
        self.endpoints()
            .for_each(|endpoint| self.remote().endpoint_opens(&endpoint.path));
    }

    /// Returns the endpoint at `path`. Write the path as its handlers do, after the prefixes of its sub-routers:
    /// `/league/chat/{room}`.
    ///
    /// The endpoint can be taken before the app is built. It finds its connections when it is used. A path without
    /// handlers is an endpoint without connections, and is logged once.
    pub fn endpoint(&self, path: &str) -> HubEndpoint {
        HubEndpoint(self.0.endpoints.named(path))
    }

    /// Returns the paths of all endpoints, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.endpoints().map(|endpoint| &*endpoint.path)
    }

    /// Returns the number of connections of all endpoints.
    pub fn count(&self) -> usize {
        self.endpoints().map(|endpoint| endpoint.count()).sum()
    }

    fn endpoints(&self) -> impl Iterator<Item = &Arc<EndpointMembers>> {
        self.0.endpoints.iter()
    }

    // ---- for the drain --------------------------------------------------------------------------------------------

    pub(crate) fn drain(&self) -> &Arc<Drain> {
        &self.0.drain
    }

    /// Returns every connection whose task runs.
    pub(crate) fn running(&self) -> Vec<Arc<Live>> {
        self.endpoints().flat_map(|endpoint| endpoint.running()).collect()
    }

    /// Waits until no upgrade is pending: each has entered the hub or has failed.
    #[cfg(feature = "test-util")]
    pub(crate) async fn entered(&self) {
        while self.endpoints().any(|endpoint| endpoint.has_pending()) {
            tokio::task::yield_now().await;
        }
    }

    /// Returns the keys of the running handlers, one for each connection and each upgrade with a running handler.
    pub(crate) fn running_handlers(&self) -> Vec<usize> {
        let of_connections = self.running().into_iter().filter_map(|live| live.running_handler());
        of_connections.chain(self.0.drain.running_upgrade_handlers()).collect()
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.endpoints().map(|endpoint| (&endpoint.path, endpoint.count()));
        f.debug_map().entries(counts).finish()
    }
}

/// One endpoint of the [`Hub`], from [`Hub::endpoint`].
///
/// It is looked up each time it is used, so it can be taken before the app is built.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/lobby", on = "connect")]
/// fn connect() {}
///
/// let app = App::new();
/// let lobby = app.hub().endpoint("/lobby");
/// lobby.to("red").sync_broadcast("to the room");
/// lobby.sync_broadcast("to everyone");
/// assert_eq!((lobby.count(), lobby.ids()), (0, vec![]));
/// ```
#[derive(Clone)]
#[must_use = "an endpoint does nothing until one of its methods is called"]
pub struct HubEndpoint(EndpointRef);

impl HubEndpoint {
    /// Returns the audience of all connections.
    pub fn everyone(&self) -> Audience {
        Audience::everyone(self.0.clone())
    }

    /// Returns the audience of the connections in `room`.
    pub fn to(&self, room: impl AsRef<str>) -> Audience {
        self.everyone().to(room)
    }

    /// Returns the audience of all connections except `id`.
    pub fn except(&self, id: ConnectionId) -> Audience {
        self.everyone().except(id)
    }

    /// Returns the audience of all connections, for the newest message of `key`.
    pub fn keyed(&self, key: impl AsRef<str>) -> KeyedAudience {
        self.everyone().keyed(key)
    }

    #[doc(hidden)]
    pub fn broadcast<M: BroadcastIsSyncOrAsync>(&self, _message: M) -> Ready<Delivery> {
        ready(Delivery::default())
    }

    /// Queues `message` for all connections, as [`Audience::sync_broadcast`].
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.everyone().sync_broadcast(message)
    }

    /// Queues `message` for all connections, as [`Audience::async_broadcast`].
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, connections whose queue had room have the message, and the others do not.
    pub async fn async_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.everyone().async_broadcast(message).await
    }

    /// Queues `value` as JSON for all connections, as [`Self::sync_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be serialized to JSON.
    pub fn sync_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.sync_broadcast(Message::json(value)?))
    }

    /// Queues `value` as JSON for all connections, as [`Self::async_broadcast`].
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

    /// Queues `message` for the connection `id` without waiting.
    ///
    /// # Errors
    ///
    /// * [`SendError::NotConnected`] if the endpoint has no open connection `id`. If it was one of another node, that is `Ok`.
    /// * [`SendError::QueueFull`] if the queue is full and [`Limits::overflow`](crate::Limits::overflow) refuses it.
    /// * [`SendError::Unreachable`] if it is a connection of another node, which cannot be reached.
    pub fn sync_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        match self.find(id) {
            Ok(live) => live.send(&message.into()),
            Err(_) => self.0.send_elsewhere(id, &message.into()),
        }
    }

    /// Queues `message` for the connection `id` as soon as its queue has room.
    ///
    /// # Errors
    ///
    /// * [`SendError::NotConnected`] if the endpoint has no open connection `id`.
    /// * [`SendError::TimedOut`] if the queue stayed full and the client took no bytes for
    ///   [`Limits::send_timeout`](crate::Limits::send_timeout).
    /// * [`SendError::Unreachable`] if it is a connection of another node, which cannot be reached or does not answer.
    ///
    /// # Cancel safety
    ///
    /// If this future is dropped, the message is not sent. For a connection of another node, it may have been sent.
    pub async fn async_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        match self.find(id) {
            Ok(live) => live.send_wait(&message.into()).await,
            Err(_) => self.0.send_elsewhere_wait(id, &message.into()).await,
        }
    }

    /// Returns the number of connections.
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// Returns the number of rooms. A room exists while a connection is in it.
    pub fn room_count(&self) -> usize {
        self.0.room_count()
    }

    /// Returns the ids of all connections, in no particular order.
    pub fn ids(&self) -> Vec<ConnectionId> {
        self.0.ids()
    }

    /// Closes the connection `id` with code 1000, as [`Self::close_with`].
    ///
    /// # Errors
    ///
    /// [`SendError::NotConnected`] and [`SendError::Unreachable`], as [`Self::sync_send_to`]: `Ok` if it was one of another node.
    pub fn close(&self, id: ConnectionId) -> Result<(), SendError> {
        self.close_with(id, close_code::NORMAL, "")
    }

    /// Closes the connection `id` with `code` and `reason`, as
    /// [`WebSocketConnector::close_with`](crate::WebSocketConnector::close_with).
    ///
    /// # Errors
    ///
    /// As [`Self::close`].
    pub fn close_with(&self, id: ConnectionId, code: u16, reason: impl Into<String>) -> Result<(), SendError> {
        let ending = Ending::server(code, reason);
        match self.find(id) {
            Ok(live) => drop(live.close(ending)),
            Err(_) => self.0.remote().close_one(&self.0.path, id, &ending)?,
        }
        Ok(())
    }

    /// Returns the counters of this endpoint, which start at 0 when the app is built.
    pub fn counters(&self) -> Counters {
        if self.0.is_unknown() {
            return Counters::default();
        }
        let telemetry = &self.0.telemetry;
        Counters {
            frames_encoded: telemetry.frames_encoded(),
            messages_dropped: telemetry.messages_dropped(),
            messages_replaced: telemetry.messages_replaced(),
            answers_ignored: telemetry.answers_ignored(),
        }
    }

    pub(crate) fn find(&self, id: ConnectionId) -> Result<Arc<Live>, SendError> {
        self.0.find(id).ok_or(SendError::NotConnected)
    }
}

impl fmt::Debug for HubEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("HubEndpoint").field(&self.0).finish()
    }
}

/// The counters of one endpoint, from [`HubEndpoint::counters`]. They start at 0 when the app is built.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// let counters = App::new().hub().endpoint("/chat").counters();
/// assert_eq!((counters.frames_encoded, counters.messages_dropped), (0, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Number of messages encoded as a frame. A broadcast encodes its message once, whatever the number of recipients.
    pub frames_encoded: u64,
    /// Number of messages dropped because the queue of a client was full.
    pub messages_dropped: u64,
    /// Number of queued messages replaced by a newer one of the same key.
    pub messages_replaced: u64,
    /// Number of answers of clients that belong to no call that waits: of an unknown id, a second answer, or one that came too
    /// late. An endpoint with a message handler or a session handler counts none, since it takes them as messages.
    pub answers_ignored: u64,
}

impl<S: Send + Sync + 'static> FromRequestParts<S> for Hub {
    type Rejection = HubRejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let from_state = || (state as &dyn Any).downcast_ref::<Self>();
        parts
            .extensions
            .get::<Self>()
            .or_else(from_state)
            .cloned()
            .ok_or(HubRejection(()))
    }
}

/// Rejection of the extractor [`Hub`]: the route has no hub. It responds with status 500.
#[derive(Debug, thiserror::Error)]
#[error("this route has no `Hub`: pass it to `App::http`, or add `.layer(Extension(app.hub()))`")]
pub struct HubRejection(());

impl IntoResponse for HubRejection {
    fn into_response(self) -> Response {
        log::error!("{self}");
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}
