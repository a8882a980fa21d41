//! The handle to a connection that handlers get.

pub(crate) mod web_socket;

use std::{fmt, net::SocketAddr, sync::Arc};

use axum::http::{Extensions, HeaderMap, Uri};

use serde::Serialize;

use crate::{
    hub::{
        HubEndpoint,
        audience::{Audience, Delivery},
        directory::EndpointRef,
        live::Live,
        members::{JoinRefusal, Joined, Left},
    },
    types::{
        close::{Ending, close_code},
        error::{JsonError, SendError, SendJsonError},
        id::ConnectionId,
        message::Message,
        request::{PathParams, QueryParams},
    },
    util::{log, printable::printable},
};

/// A connection, for handlers and for tasks that outlive them. Cheap to clone.
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
    /// Gives the id of this connection.
    pub fn id(&self) -> ConnectionId {
        self.live.id
    }

    // ---- sending --------------------------------------------------------------------------------------------------

    /// Queues `message` for the connection `id` of this endpoint now, or fails now. It never blocks.
    ///
    /// # Errors
    ///
    /// [`SendError::NotConnected`], and [`SendError::QueueFull`] under the overflow policies that refuse it.
    pub fn sync_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        match self.other(id)? {
            None => self.sync_send(message),
            Some(live) => live.send(&message.into()),
        }
    }

    /// Queues `message` for the connection `id` of this endpoint as soon as there is room.
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
        match self.other(id)? {
            None => self.async_send(message).await,
            Some(live) => live.send_wait(&message.into()).await,
        }
    }

    /// Queues `message` for this client now, or fails now. It never blocks.
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
    /// Dropped while it waits, it has sent nothing.
    pub async fn async_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.live.send_wait(&message.into()).await
    }

    /// Queues `value` as JSON for this client now, or fails now. It never blocks.
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
    /// Dropped while it waits, it has sent nothing.
    pub async fn async_send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SendJsonError> {
        Ok(self.async_send(Message::json(value)?).await?)
    }

    /// Queues `message` for every connection of this endpoint now, this one included. It never blocks.
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.everyone().sync_broadcast(message)
    }

    /// Queues `message` for every connection of this endpoint, this one included, waiting for those whose queue is
    /// full, as [`Audience::async_broadcast`].
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

    // ---- audiences and rooms --------------------------------------------------------------------------------------

    /// Gives everyone on this endpoint, this connection included.
    pub fn everyone(&self) -> Audience {
        Audience::everyone(EndpointRef::Found(self.live.endpoint.clone()))
    }

    /// Gives everyone on this endpoint but this connection.
    pub fn others(&self) -> Audience {
        self.everyone().except(self.id())
    }

    /// Gives the connections of `room`, this one included if it is in it.
    pub fn to(&self, room: impl AsRef<str>) -> Audience {
        self.everyone().to(room)
    }

    /// Puts this connection into `room`, a name of your choice, until it leaves or ends. Joining twice changes nothing.
    ///
    /// [`Joined::is_member`] is `false` if the connection has ended, or (and that is logged) if it is in
    /// `Limits::max_rooms_per_connection` rooms already, or if the name is longer than `Limits::max_room_name`.
    pub fn join(&self, room: impl AsRef<str>) -> Joined {
        let (id, endpoint, room) = (self.id(), &self.live.endpoint, room.as_ref());
        let (joined, refusal) = endpoint.join(id, room);
        match refusal {
            None | Some(JoinRefusal::NotConnected) => {}
            Some(JoinRefusal::TooManyRooms) => log::warn!(
                %id, endpoint = %endpoint.path, room = %printable(room),
                "not joined: the connection is in `Limits::max_rooms_per_connection` rooms already"
            ),
            Some(JoinRefusal::NameTooLong) => log::warn!(
                %id, endpoint = %endpoint.path, room = %printable(room), bytes = room.len(),
                "not joined: the name of the room is longer than `Limits::max_room_name`"
            ),
        }
        joined
    }

    /// Takes this connection out of `room`.
    pub fn leave(&self, room: impl AsRef<str>) -> Left {
        self.live.endpoint.leave_room(self.id(), room.as_ref())
    }

    /// Returns the rooms this connection is in, in no particular order. When it has ended, these are the rooms it was in
    /// at its end, until its close handler has run.
    pub fn rooms(&self) -> Vec<String> {
        let rooms = self.live.endpoint.rooms_of(self.id());
        rooms.iter().map(ToString::to_string).collect()
    }

    // ---- the upgrade request --------------------------------------------------------------------------------------

    /// Gives the query parameters, percent- and plus-decoded.
    pub fn query_params(&self) -> &QueryParams {
        self.live.request.query_params()
    }

    /// Gives the parameters of the path: `room` of `/chat/{room}`.
    pub fn path_params(&self) -> &PathParams {
        &self.live.request.path_params
    }

    /// Gives the headers of the upgrade request.
    pub fn headers(&self) -> &HeaderMap {
        self.live.request.headers()
    }

    /// Gives the URI of the upgrade request.
    pub fn uri(&self) -> &Uri {
        self.live.request.uri()
    }

    /// Gives the client's address, where the server knows it: with `App::serve`, with `ConnectInfo`, and with plain TCP.
    pub fn peer_addr(&self) -> Option<SocketAddr> {
        self.live.request.peer_addr()
    }

    /// Gives the extensions of the upgrade request, such as what a tower layer has left there.
    pub fn extensions(&self) -> &Extensions {
        &self.live.request.extensions
    }

    /// Gives the subprotocol chosen from [`App::subprotocols`](crate::App::subprotocols).
    pub fn subprotocol(&self) -> Option<&str> {
        self.live.request.subprotocol.as_deref()
    }

    // ---- the end --------------------------------------------------------------------------------------------------

    /// Closes the connection with code 1000: as [`Self::close_with`].
    pub fn close(&self) {
        self.close_with(close_code::NORMAL, "");
    }

    /// Closes the connection: it leaves the hub at once, so that later sends to its id fail and broadcasts skip it.
    /// When the handler that runs has returned, everything queued is sent, then what the handler returned, then a
    /// Close frame with `code` and `reason`, and TCP ends.
    ///
    /// `code` is 1000, 1001, 1003, 1007 to 1014, or 3000 to 4999 (RFC 6455 section 7.4); another is logged and sent as
    /// 1011. `reason` has at most 123 bytes; a longer one is logged and cut.
    pub fn close_with(&self, code: u16, reason: impl Into<String>) {
        self.live.close(Ending::server(code, reason));
    }

    /// Tells whether the connection is open: nobody has closed it and the client is not known to be gone.
    pub fn is_open(&self) -> bool {
        self.live.mailbox.is_open()
    }

    /// Waits until the connection is no longer open.
    ///
    /// # Cancel safety
    ///
    /// It can be dropped and called again at any time.
    pub async fn closed(&self) {
        self.live.mailbox.closed().await;
    }

    /// Finds another connection of this endpoint; `None` is this one.
    fn other(&self, id: ConnectionId) -> Result<Option<Arc<Live>>, SendError> {
        if id == self.id() {
            return Ok(None);
        }
        self.live.endpoint.find(id).map(Some).ok_or(SendError::NotConnected)
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
