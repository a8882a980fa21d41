//! The socket that a session handler owns.

use std::{
    fmt,
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    connector::WebSocketConnector,
    hub::audience::Delivery,
    mailbox::session_inbox::SessionInbox,
    types::{
        close::{CloseReason, Ending, close_code},
        disconnected::Disconnected,
        error::{JsonError, SendError, SendJsonError},
        id::ConnectionId,
        message::Message,
        rejection::Rejection,
        request::QueryParams,
    },
    util::log,
};

/// The socket of a session handler. This is a handler without `on`, which owns the socket and receives and sends in a loop.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/ws")]
/// async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
///     loop {
///         let text = socket.receive_text().await?;
///         socket.send_text(format!("Echo: {text}")).await?;
///     }
/// }
/// ```
pub struct WebSocket {
    inbox: Arc<SessionInbox>,
    connector: WebSocketConnector,
}

impl WebSocket {
    pub(crate) const fn new(inbox: Arc<SessionInbox>, connector: WebSocketConnector) -> Self {
        Self { inbox, connector }
    }

    // ---- receiving ------------------------------------------------------------------------------------------------

    /// Receives the next message.
    ///
    /// # Errors
    ///
    /// [`Disconnected`] if the connection has ended and all earlier messages were received.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, no message is lost.
    pub async fn receive(&mut self) -> Result<Message, Disconnected> {
        poll_fn(|cx| self.inbox.poll_receive(cx)).await
    }

    /// Receives the next message as text. A binary message of valid UTF-8 is accepted as well.
    ///
    /// # Errors
    ///
    /// As [`Self::receive`]. Any other binary message closes the connection with 1003.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::receive`].
    pub async fn receive_text(&mut self) -> Result<String, Disconnected> {
        let message = self.receive().await?;
        let text = message.as_text().map(str::to_owned);
        text.ok_or_else(|| self.refuse(&Rejection::not_text()))
    }

    /// Receives the payload of the next message, text or binary.
    ///
    /// # Errors
    ///
    /// As [`Self::receive`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::receive`].
    pub async fn receive_bytes(&mut self) -> Result<Bytes, Disconnected> {
        self.receive().await.map(Message::into_bytes)
    }

    /// Receives the next message as JSON.
    ///
    /// # Errors
    ///
    /// As [`Self::receive`]. A message that is not the JSON of a `T` closes the connection with 1007.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::receive`].
    pub async fn receive_json<T: DeserializeOwned>(&mut self) -> Result<T, Disconnected> {
        let message = self.receive().await?;
        message
            .parse_json()
            .map_err(|error| self.refuse(&Rejection::invalid_json(error)))
    }

    /// Closes the connection because of its payload.
    fn refuse(&self, rejection: &Rejection) -> Disconnected {
        self.end(Ending::with_frame(CloseReason::InvalidPayload, rejection.close_frame()))
    }

    /// Closes the connection, and returns its end.
    fn end(&self, ending: Ending) -> Disconnected {
        let disconnected = Disconnected::from(&ending);
        self.connector.live.close(ending);
        disconnected
    }

    // ---- sending --------------------------------------------------------------------------------------------------

    /// Sends a message as soon as there is room in the client's queue.
    ///
    /// # Errors
    ///
    /// [`Disconnected`] if the connection has ended, also because there was no room and the client took no bytes for
    /// `Limits::send_timeout`. If `Limits::overflow` drops messages, the connection goes on without this one.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped while it waits, nothing was sent.
    pub async fn send(&mut self, message: impl Into<Message>) -> Result<(), Disconnected> {
        match self.connector.async_send(message).await {
            Ok(()) => Ok(()),
            // The overflow policy has dropped and counted it, and the connection goes on.
            Err(SendError::QueueFull | SendError::TimedOut) if self.connector.is_open() => Ok(()),
            Err(error) => Err(self.disconnected(error)),
        }
    }

    /// Sends a text, as [`Self::send`].
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::send`].
    pub async fn send_text(&mut self, text: impl Into<String>) -> Result<(), Disconnected> {
        self.send(text.into()).await
    }

    /// Sends bytes, as [`Self::send`].
    ///
    /// # Errors
    ///
    /// As [`Self::send`].
    ///
    /// # Cancel safety
    ///
    /// As [`Self::send`].
    pub async fn send_bytes(&mut self, bytes: impl Into<Bytes>) -> Result<(), Disconnected> {
        self.send(bytes.into()).await
    }

    /// Sends `value` as JSON, as [`Self::send`].
    ///
    /// # Errors
    ///
    /// As [`Self::send`]. A value that cannot be JSON is logged, and closes the connection with 1011.
    ///
    /// # Cancel safety
    ///
    /// As [`Self::send`].
    pub async fn send_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Disconnected> {
        match Message::json(value) {
            Ok(message) => self.send(message).await,
            Err(error) => {
                log::error!(%error, id = %self.id(), "a value cannot be sent as JSON");
                Err(self.end(Ending::because(CloseReason::HandlerError, "")))
            }
        }
    }

    /// Queues `message` for this client at once, as [`WebSocketConnector::sync_send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::sync_send`].
    pub fn sync_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.connector.sync_send(message)
    }

    /// Queues `message` for this client as soon as there is room, as [`WebSocketConnector::async_send`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::async_send`].
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocketConnector::async_send`].
    pub async fn async_send(&self, message: impl Into<Message>) -> Result<(), SendError> {
        self.connector.async_send(message).await
    }

    /// Queues `value` as JSON for this client at once, as [`WebSocketConnector::sync_send_json`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::sync_send_json`].
    pub fn sync_send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SendJsonError> {
        self.connector.sync_send_json(value)
    }

    /// Queues `value` as JSON for this client as soon as there is room, as [`WebSocketConnector::async_send_json`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::async_send_json`].
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocketConnector::async_send_json`].
    pub async fn async_send_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<(), SendJsonError> {
        self.connector.async_send_json(value).await
    }

    /// Queues `message` for the connection `id` of this endpoint at once, as [`WebSocketConnector::sync_send_to`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::sync_send_to`].
    pub fn sync_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        self.connector.sync_send_to(id, message)
    }

    /// Queues `message` for the connection `id` of this endpoint as soon as there is room, as
    /// [`WebSocketConnector::async_send_to`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::async_send_to`].
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocketConnector::async_send_to`].
    pub async fn async_send_to(&self, id: ConnectionId, message: impl Into<Message>) -> Result<(), SendError> {
        self.connector.async_send_to(id, message).await
    }

    /// Broadcasts to every connection of this endpoint, including this one, as [`WebSocketConnector::sync_broadcast`].
    pub fn sync_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.connector.sync_broadcast(message)
    }

    /// Broadcasts to every connection of this endpoint, including this one, as [`WebSocketConnector::async_broadcast`].
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocketConnector::async_broadcast`].
    pub async fn async_broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.connector.async_broadcast(message).await
    }

    /// Broadcasts `value` as JSON, as [`WebSocketConnector::sync_broadcast_json`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::sync_broadcast_json`].
    pub fn sync_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        self.connector.sync_broadcast_json(value)
    }

    /// Broadcasts `value` as JSON, as [`WebSocketConnector::async_broadcast_json`].
    ///
    /// # Errors
    ///
    /// As [`WebSocketConnector::async_broadcast_json`].
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocketConnector::async_broadcast_json`].
    pub async fn async_broadcast_json<T: Serialize + ?Sized>(&self, value: &T) -> Result<Delivery, JsonError> {
        self.connector.async_broadcast_json(value).await
    }

    /// Broadcasts as [`Self::async_broadcast`], by the name that Robyn has for it.
    ///
    /// # Cancel safety
    ///
    /// As [`WebSocketConnector::async_broadcast`].
    pub async fn broadcast(&self, message: impl Into<Message>) -> Delivery {
        self.connector.async_broadcast(message).await
    }

    /// Closes the connection with code 1000, when all queued frames were sent.
    pub fn close(&self) -> Closing {
        self.connector.close();
        Closing(())
    }

    /// Closes the connection, as [`WebSocketConnector::close_with`].
    pub fn close_with(&self, code: u16, reason: impl Into<String>) -> Closing {
        self.connector.close_with(code, reason);
        Closing(())
    }

    fn disconnected(&self, error: SendError) -> Disconnected {
        let known = self.inbox.ended();
        let asked_for = || self.connector.live.mailbox.ending().as_ref().map(Disconnected::from);
        known.or_else(asked_for).unwrap_or_else(|| Disconnected {
            code: close_code::ABNORMAL,
            reason: error.to_string(),
        })
    }

    // ---- the connection -------------------------------------------------------------------------------------------

    /// Returns the id of the connection.
    pub fn id(&self) -> ConnectionId {
        self.connector.id()
    }

    /// Returns the query parameters of the upgrade request.
    pub fn query_params(&self) -> &QueryParams {
        self.connector.query_params()
    }

    /// Returns the connector, for rooms, the upgrade request, and other tasks.
    pub fn connector(&self) -> &WebSocketConnector {
        &self.connector
    }
}

impl Drop for WebSocket {
    fn drop(&mut self) {
        self.inbox.abandon();
    }
}

impl fmt::Debug for WebSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WebSocket").field(&self.connector).finish()
    }
}

/// The result of [`WebSocket::close`]. It does not have to be awaited; as a future, it is ready at once.
#[derive(Debug)]
pub struct Closing(());

impl Future for Closing {
    type Output = Result<(), Disconnected>;

    fn poll(self: std::pin::Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}
