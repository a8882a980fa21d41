//! The handles of connections: [`WebSocketConnector`], and the socket of a session.

mod calls;
mod identity;
#[cfg(feature = "backplane")]
mod presence;
pub(crate) mod web_socket;

use std::{
    fmt,
    future::{Ready, ready},
    net::SocketAddr,
    sync::Arc,
};

use axum::http::{Extensions, HeaderMap, Uri, Version};

use serde::Serialize;

use crate::{
    hub::{
        HubEndpoint,
        audience::{Audience, BroadcastIsSyncOrAsync, Delivery},
        directory::EndpointRef,
        live::Live,
    },
    types::{
        close::{Ending, close_code},
        error::{JsonError, SendError, SendJsonError},
        id::ConnectionId,
        membership::{Joined, Left},
        message::Message,
        request::{PathParams, QueryParams},
        scheme::Scheme,
    },
};

/// No message implements it: the compiler explains a call of `send`, as one of `broadcast`.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "a `WebSocketConnector` sends by `async_send` and `sync_send`, which take text, bytes and `Message`",
    label = "write `.async_send(..).await`, or `.sync_send(..)` in a function that is not `async`"
)]
pub trait SendIsSyncOrAsync {}

/// The handle of a connection, for handlers and for tasks that outlive them. Cheap to clone.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/web_socket", on = "message")]
/// async fn message(ws: WebSocketConnector, msg: String) -> Result<String, SendError> {
///     ws.async_send_to(ws.id(), "This is a message to self").await?;
///     Ok(format!("you said {msg}"))
/// }
/// ```
#[derive(Clone)]
pub struct WebSocketConnector {
    pub(crate) live: Arc<Live>,
}

impl WebSocketConnector {
    /// Returns the id of this connection.
    pub fn id(&self) -> ConnectionId {
        self.live.id
    }

    // ---- sending --------------------------------------------------------------------------------------------------

    /// Queues `message` for the connection `id` of this endpoint at once. Never blocks.
    ///
    /// # Errors
    ///
    /// [`SendError::NotConnected`] if no open connection of this endpoint has the id. [`SendError::QueueFull`] if the queue of
    /// the client is full and the message was dropped. [`SendError::Unreachable`] if the connection is one of another node that
    /// cannot be reached. For one of another node that has ended already, it returns `Ok`.
    pub fn sync_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        match self.find(id) {
            Some(live) => live.send(&message.into()),
            None => self.live.endpoint.send_elsewhere(id, &message.into()),
        }
    }

    /// Queues `message` for the connection `id` of this endpoint as soon as there is room.
    ///
    /// # Errors
    ///
    /// [`SendError::NotConnected`] if no open connection of this endpoint has the id. [`SendError::TimedOut`] if there was no
    /// room and the client took no bytes for `Limits::send_timeout`. [`SendError::Unreachable`] if the connection is one of
    /// another node that cannot be reached or does not answer in time.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, nothing was sent. For a connection of another node, it may have been sent.
    pub async fn async_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        match self.find(id) {
            Some(live) => live.send_wait(&message.into()).await,
            None => self.live.endpoint.send_elsewhere_wait(id, &message.into()).await,
        }
    }

    /// Queues `message` for this client at once. Never blocks.
    ///
    /// # Errors
    ///
    /// As [`Self::sync_send_to`].
    pub fn sync_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.live.send(&message.into())
    }

    /// Queues `message` for this client as soon as there is room.
    ///
    /// # Errors
    ///
    /// As [`Self::async_send_to`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, nothing was sent.
    pub async fn async_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.live.send_wait(&message.into()).await
    }

    /// Queues `value` as JSON for this client at once. Never blocks.
    ///
    /// ```
    /// use robyn_ws::{SendJsonError, prelude::*};
    ///
    /// #[websocket("/count", on = "message")]
    /// fn count(ws: WebSocketConnector, msg: &str) -> Result<(), SendJsonError> {
    ///     ws.sync_send_json(&[msg.len(), msg.split_whitespace().count()])
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SendJsonError::Json`] if the value cannot be JSON, [`SendJsonError::Send`] as [`Self::sync_send`].
    pub fn sync_send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SendJsonError> {
        Ok(self.sync_send(Message::json(value)?)?)
    }

    /// Queues `value` as JSON for this client as soon as there is room.
    ///
    /// # Errors
    ///
    /// [`SendJsonError::Json`] if the value cannot be JSON, [`SendJsonError::Send`] as [`Self::async_send`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, nothing was sent.
    pub async fn async_send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SendJsonError> {
        Ok(self.async_send(Message::json(value)?).await?)
    }

    #[doc(hidden)]
    pub fn send<M: SendIsSyncOrAsync>(&self, _message: M) -> Ready<Result<(), SendError>> {
        ready(Ok(()))
    }

    #[doc(hidden)]
    pub fn send_text<M: SendIsSyncOrAsync>(&self, _message: M) -> Ready<Result<(), SendError>> {
        ready(Ok(()))
    }

    #[doc(hidden)]
    pub fn broadcast<M: BroadcastIsSyncOrAsync>(&self, _message: M) -> Ready<Delivery> {
        ready(Delivery::default())
    }

    /// Queues `message` at once for every connection of this endpoint, including this one. Never blocks.
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.everyone().sync_broadcast(message)
    }

    /// Queues `message` for every connection of this endpoint, including this one. Waits for clients with a full queue, as
    /// [`Audience::async_broadcast`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, the message was queued for every client whose queue was not full.
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

    // ---- audiences and rooms --------------------------------------------------------------------------------------

    /// Returns the audience of all connections of this endpoint, including this one.
    pub fn everyone(&self) -> Audience {
        Audience::everyone(EndpointRef::Found(self.live.endpoint.clone()))
    }

    /// Returns the audience of all other connections of this endpoint.
    pub fn others(&self) -> Audience {
        self.everyone().except(self.id())
    }

    /// Returns the audience of all connections in `room`, including this one if it is a member.
    pub fn to(&self, room: impl AsRef<str>) -> Audience {
        self.everyone().to(room)
    }

    /// Puts this connection into `room` until it leaves the room or ends. A room needs no setup; its name is any text.
    ///
    /// [`Joined::is_member`] is `false` if the connection has ended. It is also `false`, and the reason is logged, if the
    /// connection is in `Limits::max_rooms_per_connection` rooms already or the name is longer than `Limits::max_room_name`.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// #[websocket("/chat/{room}", on = "connect")]
    /// fn enter(ws: &WebSocketConnector, Path(room): Path<String>) -> String {
    ///     let people = ws.join(&room).count;
    ///     ws.to(&room).except(ws.id()).sync_broadcast("somebody came in");
    ///     format!("{people} in {room}")
    /// }
    /// ```
    pub fn join(&self, room: impl AsRef<str>) -> Joined {
        self.live.endpoint.join(self.id(), room.as_ref())
    }

    /// Takes this connection out of `room`.
    pub fn leave(&self, room: impl AsRef<str>) -> Left {
        self.live.endpoint.leave_room(self.id(), room.as_ref())
    }

    /// Returns the names of this connection's rooms, in no particular order. A close handler still sees the rooms that the
    /// connection was in.
    pub fn rooms(&self) -> Vec<String> {
        let rooms = self.live.endpoint.rooms_of(self.id());
        rooms.iter().map(ToString::to_string).collect()
    }

    // ---- the upgrade request --------------------------------------------------------------------------------------

    /// Returns the query parameters, percent- and plus-decoded.
    pub fn query_params(&self) -> &QueryParams {
        self.live.request.query_params()
    }

    /// Returns the parameters of the path: `room` of `/chat/{room}`.
    pub fn path_params(&self) -> &PathParams {
        &self.live.request.path_params
    }

    /// Returns the headers of the upgrade request.
    pub fn headers(&self) -> &HeaderMap {
        self.live.request.headers()
    }

    /// Returns the URI of the upgrade request.
    pub fn uri(&self) -> &Uri {
        self.live.request.uri()
    }

    /// Returns the host that the client has asked for, with its port if it has named one: `example.com:8443`. Behind
    /// [trusted proxies](crate::App::trusted_proxies), it is the host that they name, otherwise that of the request. It is
    /// `None` if no handler of the endpoint can read the request, and in unit tests with a connector alone.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// /// Links to a page of the same server.
    /// #[websocket("/chat", on = "connect")]
    /// fn enter(ws: &WebSocketConnector) -> Option<String> {
    ///     Some(format!("{}://{}/rules.html", ws.scheme().unwrap_or("http"), ws.host()?))
    /// }
    /// ```
    pub fn host(&self) -> Option<&str> {
        self.live.request.host()
    }

    /// Returns `https` or `http`, if the server knows it: `https` under `App::tls`, or what a
    /// [trusted proxy](crate::App::trusted_proxies) says. Otherwise it is `None`, since something in between may speak TLS.
    pub fn scheme(&self) -> Option<&'static str> {
        self.live.request.scheme().map(Scheme::name)
    }

    /// Returns the version of HTTP in which the upgrade was asked for. It is `None` if no handler of the endpoint can read the
    /// request.
    pub fn http_version(&self) -> Option<Version> {
        self.live.request.version()
    }

    /// Returns the address of the client, if the server knows it: under `App::serve`, with `ConnectInfo`, or on plain TCP.
    /// Behind [trusted proxies](crate::App::trusted_proxies), it is the address that they name.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.live.request.peer_addr()
    }

    /// Returns the extensions of the upgrade request, such as the values of tower layers.
    pub fn extensions(&self) -> &Extensions {
        &self.live.request.extensions
    }

    /// Returns the subprotocol that was chosen from [`App::subprotocols`](crate::App::subprotocols).
    pub fn subprotocol(&self) -> Option<&str> {
        self.live.request.subprotocol.as_deref()
    }

    /// Returns `true` if messages to this client are compressed (permessage-deflate, RFC 7692): the app has set
    /// [`App::compression`](crate::App::compression), and the client has offered it. It needs the cargo feature `deflate`.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// #[websocket("/prices", on = "connect")]
    /// fn connect(ws: &WebSocketConnector) -> &'static str {
    ///     if ws.is_compressed() { "all prices follow" } else { "some prices follow" }
    /// }
    /// ```
    #[cfg(feature = "deflate")]
    #[cfg_attr(docsrs, doc(cfg(feature = "deflate")))]
    pub fn is_compressed(&self) -> bool {
        !self.live.mailbox.form().is_plain()
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /// Closes the connection with code 1000: as [`Self::close_with`].
    pub fn close(&self) {
        self.close_with(close_code::NORMAL, "");
    }

    /// Closes the connection. It leaves the hub at once: later sends to its id fail, and broadcasts skip it. When the running
    /// handler has returned, queued frames are sent, then its reply, then a Close frame with `code` and `reason`. Then TCP
    /// ends.
    ///
    /// `code` is 1000 to 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4). Any other code is logged, and 1011 is
    /// sent. `reason` has at most 123 bytes; a longer one is logged and cut.
    pub fn close_with(&self, code: u16, reason: impl Into<String>) {
        self.live.close(Ending::server(code, reason));
    }

    /// Returns `true` if the connection is open: it was not closed, and the client is not known to be gone.
    pub fn is_open(&self) -> bool {
        self.live.mailbox.is_open()
    }

    /// Waits until the connection is not open.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped and called again.
    pub async fn closed(&self) {
        self.live.mailbox.closed().await;
    }

    /// Finds a connection of this endpoint. This one is found even where others find it no more.
    fn find(&self, id: ConnectionId) -> Option<Arc<Live>> {
        if id == self.id() {
            return Some(self.live.clone());
        }
        self.live.endpoint.find(id)
    }
}

impl HubEndpoint {
    /// Returns the handle to the connection `id`, or `None` if no open connection of this endpoint has the id.
    pub fn connector(&self, id: ConnectionId) -> Option<WebSocketConnector> {
        self.find(id).ok().map(|live| WebSocketConnector { live })
    }
}

impl fmt::Debug for WebSocketConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketConnector")
            .field("id", &self.id())
            .field("endpoint", &self.live.endpoint.path)
            .field("open", &self.is_open())
            .finish_non_exhaustive()
    }
}
