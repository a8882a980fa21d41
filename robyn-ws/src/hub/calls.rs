//! What an endpoint knows of calls, and notifications to many clients, in JSON-RPC 2.0.

use std::sync::Arc;

use serde::Serialize;

use crate::{
    hub::{
        HubEndpoint,
        audience::{Audience, Delivery},
        keyed::KeyedAudience,
        live::Live,
        members::EndpointMembers,
    },
    json_rpc::text::notification,
    types::{error::JsonError, message::Message},
};

impl EndpointMembers {
    /// Sets whether the answers of clients are taken, so that they can be called: no handler takes all messages.
    pub(crate) fn taking_answers(mut self, takes_answers: bool) -> Self {
        self.takes_answers = takes_answers;
        self
    }
}

impl Live {
    /// Queues `message` as [`Self::send`], and returns how it was delivered.
    pub(crate) fn deliver(self: &Arc<Self>, message: &Message) -> Delivery {
        let (sent, dropped) = self.send_counted(message);
        Delivery {
            queued: usize::from(sent.is_ok()),
            dropped,
            ..Delivery::default()
        }
    }
}

impl Audience {
    /// Queues a notification (JSON-RPC 2.0) for the audience, as [`Self::sync_broadcast`]. `params` that are an object or an
    /// array in JSON are sent as they are, any other value as an array of one. They are encoded once.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// #[websocket("/chat/{room}", on = "call", method = "say")]
    /// fn say(ws: &WebSocketConnector, Path(room): Path<String>, Params(text): Params<String>) -> Result<(), CallError> {
    ///     ws.to(room).notify("said", &text)?; // {"jsonrpc":"2.0","method":"said","params":["hi"]}
    ///     Ok(())
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`JsonError`] if `params` cannot be JSON.
    pub fn notify(&self, method: &str, params: &(impl Serialize + ?Sized)) -> Result<Delivery, JsonError> {
        Ok(self.sync_broadcast(notification(method, params)?))
    }
}

impl KeyedAudience {
    /// Queues a notification (JSON-RPC 2.0), as [`Audience::notify`]. It takes the place of the message of the key that a
    /// client has not been sent yet, as [`Self::sync_broadcast`] does.
    ///
    /// # Errors
    ///
    /// As [`Audience::notify`].
    pub fn notify(&self, method: &str, params: &(impl Serialize + ?Sized)) -> Result<Delivery, JsonError> {
        Ok(self.sync_broadcast(notification(method, params)?))
    }
}

impl HubEndpoint {
    /// Queues a notification for all connections, as [`Audience::notify`].
    ///
    /// # Errors
    ///
    /// As [`Audience::notify`].
    pub fn notify(&self, method: &str, params: &(impl Serialize + ?Sized)) -> Result<Delivery, JsonError> {
        self.everyone().notify(method, params)
    }
}
