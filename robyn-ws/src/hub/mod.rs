//! The live connections of an app in this process.

pub(crate) mod admission;
pub(crate) mod audience;
mod batch;
pub(crate) mod directory;
pub(crate) mod drain;
pub(crate) mod flusher;
mod group;
pub(crate) mod live;
pub(crate) mod members;
#[cfg(all(test, races))]
mod races;
pub(crate) mod sweep;
pub(crate) mod telemetry;

use std::{any::Any, fmt, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};

use serde::Serialize;

use crate::{
    hub::{
        audience::{Audience, Delivery},
        directory::{Directory, EndpointRef},
        drain::Drain,
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
/// It comes from [`App::hub`](crate::App::hub) and is cheap to clone. As an axum extractor it is found where the
/// router has it: in routes given to [`App::http`](crate::App::http), behind `.layer(Extension(app.hub()))`, or with
/// the hub as the router's state.
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
}

impl Hub {
    pub(crate) fn new() -> Self {
        Self(Arc::new(HubInner {
            endpoints: Arc::default(),
            drain: Arc::new(Drain::new()),
        }))
    }

    /// Fixes the endpoints; an app is built once, since building consumes it.
    pub(crate) fn open(&self, endpoints: impl Iterator<Item = Arc<EndpointMembers>>) {
        self.0.endpoints.open(endpoints);
    }

    /// Returns the endpoint at `path`, written as its handlers write it and with the prefixes of its sub-routers:
    /// `/league/chat/{room}`.
    ///
    /// It can be asked for before the app is built, and finds its connections once it is. A path that no handler has is an
    /// endpoint without connections, and is logged once.
    pub fn endpoint(&self, path: &str) -> HubEndpoint {
        HubEndpoint(self.0.endpoints.named(path))
    }

    /// Gives the paths of all endpoints, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.endpoints().map(|endpoint| &*endpoint.path)
    }

    /// Counts the connections of all endpoints.
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

    /// Gives every connection whose task runs.
    pub(crate) fn running(&self) -> Vec<Arc<Live>> {
        self.endpoints().flat_map(|endpoint| endpoint.running()).collect()
    }

    /// Waits until every connection whose 101 is under way is in the hub, or has given up.
    #[cfg(feature = "test-util")]
    pub(crate) async fn entered(&self) {
        while self.endpoints().any(|endpoint| endpoint.has_pending()) {
            tokio::task::yield_now().await;
        }
    }

    /// Returns the key of the handler that runs, for each connection and each upgrade where one does.
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

/// One endpoint, from [`Hub::endpoint`]. It is looked up when it is used, and so may be taken before the app is built.
#[derive(Clone)]
#[must_use = "an endpoint does nothing until something is asked of it"]
pub struct HubEndpoint(EndpointRef);

impl HubEndpoint {
    /// Gives everyone on this endpoint.
    pub fn everyone(&self) -> Audience {
        Audience::everyone(self.0.clone())
    }

    /// Gives the connections of `room`.
    pub fn to(&self, room: impl AsRef<str>) -> Audience {
        self.everyone().to(room)
    }

    /// Gives everyone but the connection `id`.
    pub fn except(&self, id: ConnectionId) -> Audience {
        self.everyone().except(id)
    }

    /// Broadcasts to everyone, as [`Audience::sync_broadcast`].
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.everyone().sync_broadcast(message)
    }

    /// Broadcasts to everyone, as [`Audience::async_broadcast`].
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has reached everyone whose queue was not full.
    pub async fn async_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.everyone().async_broadcast(message).await
    }

    /// Queues `value` as JSON for every connection of this endpoint, as [`Self::sync_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be JSON.
    pub fn sync_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.sync_broadcast(Message::json(value)?))
    }

    /// Queues `value` as JSON for every connection of this endpoint, as [`Self::async_broadcast`].
    ///
    /// # Errors
    ///
    /// [`JsonError`] if the value cannot be JSON.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::async_broadcast`].
    pub async fn async_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        Ok(self.async_broadcast(Message::json(value)?).await)
    }

    /// Queues `message` for the connection `id` now, or fails now.
    ///
    /// # Errors
    ///
    /// [`SendError::NotConnected`], and [`SendError::QueueFull`] under the overflow policies that refuse it.
    pub fn sync_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        self.find(id)?.send(&message.into())
    }

    /// Queues `message` for the connection `id` as soon as there is room.
    ///
    /// # Errors
    ///
    /// [`SendError::NotConnected`], and [`SendError::TimedOut`] when there was no room and the client took no bytes
    /// for `Limits::send_timeout`.
    ///
    /// # Cancel safety
    ///
    /// Dropped while it waits, it has sent nothing.
    pub async fn async_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        self.find(id)?.send_wait(&message.into()).await
    }

    /// Counts the connections.
    pub fn count(&self) -> usize {
        self.0.count()
    }

    /// Counts the rooms that have somebody in them.
    pub fn room_count(&self) -> usize {
        self.0.room_count()
    }

    /// Returns the ids of the connections, in no particular order.
    pub fn ids(&self) -> Vec<ConnectionId> {
        self.0.ids()
    }

    /// Closes the connection `id` with code 1000, as [`Self::close_with`].
    ///
    /// # Errors
    ///
    /// [`SendError::NotConnected`] if no open connection of this endpoint has the id.
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
        self.find(id)?.close(Ending::server(code, reason));
        Ok(())
    }

    /// Gives what was counted since the app was built.
    pub fn counters(&self) -> Counters {
        if self.0.is_nowhere() {
            return Counters::default();
        }
        let telemetry = &self.0.telemetry;
        Counters {
            frames_encoded: telemetry.frames_encoded(),
            messages_dropped: telemetry.messages_dropped(),
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

/// What was counted for one endpoint since the app was built.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// How often a message was encoded as a frame. A broadcast does it once, however many connections get it.
    pub frames_encoded: u64,
    /// How many messages were dropped because a client's queue was full.
    pub messages_dropped: u64,
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

/// The hub was asked for in a route that does not have it.
#[derive(Debug, thiserror::Error)]
#[error("this route has no `Hub`: give it to `App::http`, or add `.layer(Extension(app.hub()))`")]
pub struct HubRejection(());

impl IntoResponse for HubRejection {
    fn into_response(self) -> Response {
        log::error!("{self}");
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}
