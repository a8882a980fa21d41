//! Who the client of a connection is.

use crate::{
    connector::WebSocketConnector,
    hub::people::IdentityRefusal,
    types::{
        close::{CloseReason, Ending},
        identity::Identity,
        membership::Identified,
    },
    util::log,
};

impl WebSocketConnector {
    /// Says who the client is. [`Hub::identity`](crate::Hub::identity) is the audience of all connections of an identity, on
    /// every endpoint. A later call replaces the identity, and calls from several handlers or tasks are allowed.
    ///
    /// Where the request says who the client is, let the `upgrade` handler return the [`Identity`]: then the connection
    /// has it from the start, and nothing reaches the person without reaching this connection.
    ///
    /// [`Identified::is_identified`] is `false` if the connection has ended, or if the identity is refused. It is refused,
    /// and the connection is closed with 1008 as [`CloseReason::IdentityRefused`], if it is longer than
    /// [`Limits::max_identity_size`](crate::Limits::max_identity_size): a connection that goes on without its identity could
    /// not be found by it.
    ///
    /// ```
    /// use robyn_ws::prelude::*;
    ///
    /// fn user_of(token: &str) -> Option<&str> {
    ///     token.strip_prefix("token of ")
    /// }
    ///
    /// #[websocket("/chat", on = "message")]
    /// fn login(ws: &WebSocketConnector, hub: Hub, token: &str) -> Result<String, HandlerError> {
    ///     let user = user_of(token).ok_or_else(|| HandlerError::close(4401, "who are you?"))?;
    ///     let tabs = ws.identify(user).count;
    ///     hub.identity(user).sync_broadcast("another device has logged in");
    ///     Ok(format!("you are here {tabs} times"))
    /// }
    /// ```
    pub fn identify(&self, identity: impl Into<Identity>) -> Identified {
        let live = &self.live;
        match live.endpoint.identify(live, identity.into()) {
            Ok(count) => Identified {
                count,
                is_identified: true,
            },
            Err(refusal) => {
                if refusal != IdentityRefusal::NotConnected {
                    log::warn!(id = %live.id, endpoint = %live.endpoint.path, "not identified, so the connection is closed: {refusal}");
                    live.close(Ending::because(CloseReason::IdentityRefused, refusal.to_string()));
                }
                Identified::default()
            }
        }
    }

    /// Returns who the client is, if an `upgrade` handler or [`Self::identify`] has said so. A close handler still sees it.
    pub fn identity(&self) -> Option<Identity> {
        self.live.endpoint.identity_of(self.id())
    }
}
