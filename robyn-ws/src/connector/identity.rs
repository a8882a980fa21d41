//! Who the client of a connection is, and until when.

use std::time::{Duration, Instant};

use tokio::time;

use crate::{
    connector::WebSocketConnector,
    hub::people::IdentityRefusal,
    types::{
        close::{CloseReason, Ending},
        identity::Identity,
        membership::Identified,
    },
    util::time::reachable,
};

impl WebSocketConnector {
    /// Says who the client is. [`Hub::identity`](crate::Hub::identity) is the audience of all connections of an identity, on
    /// every endpoint. A later call replaces the identity, and calls from several handlers or tasks are allowed.
    ///
    /// The rooms of the connection count it under the new identity from then on, and [`Identified::rooms`] has what that
    /// changes.
    ///
    /// Where the request says who the client is, let the `upgrade` handler return the [`Identity`]: then the connection
    /// has it from the start, and nothing reaches the person without reaching this connection.
    ///
    /// [`Identified::is_identified`] is `false` if the connection has ended, or if the identity is refused. It is refused,
    /// and the connection is closed with 1008 as [`CloseReason::IdentityRefused`], if it is longer than
    /// [`Limits::max_identity_size`](crate::Limits::max_identity_size), or if
    /// [`Limits::max_connections_per_identity`](crate::Limits::max_connections_per_identity) is reached and not to be made room
    /// for: a connection that goes on without its identity could not be found by it.
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
            Ok(identified) => identified,
            Err(refusal) => {
                if refusal != IdentityRefusal::NotConnected {
                    live.endpoint.warn_not_identified(live.id, refusal);
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

    /// Closes the connection with 4401 when `duration` is over, unless a later call of this or of [`Self::expires_at`] moves
    /// the end: when a token ends, for example. The close handler gets [`CloseReason::Expired`].
    ///
    /// Queued frames go out first, and a running handler may finish as in [`Self::close_with`]. After
    /// [`Duration::ZERO`] the connection is closed at once. A year or more, such as [`Duration::MAX`], is never.
    /// [`Limits::expired_code`](crate::Limits::expired_code) sets another close code.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime, UNIX_EPOCH};
    ///
    /// use robyn_ws::prelude::*;
    ///
    /// /// Verifies a token, and returns when it ends, in seconds since 1970 as in the `exp` of a JWT.
    /// fn end_of(token: &str) -> Option<u64> {
    ///     token.strip_prefix("until ")?.parse().ok()
    /// }
    ///
    /// #[websocket("/chat", on = "message")]
    /// fn renew(ws: &WebSocketConnector, token: &str) -> Result<(), HandlerError> {
    ///     let end = end_of(token).ok_or_else(|| HandlerError::close(4401, "not a token"))?;
    ///     let end = UNIX_EPOCH + Duration::from_secs(end);
    ///     ws.expires_in(end.duration_since(SystemTime::now()).unwrap_or_default());
    ///     Ok(())
    /// }
    /// ```
    pub fn expires_in(&self, duration: Duration) {
        let live = &self.live;
        if duration.is_zero() {
            live.close(Ending::expired(live.mailbox.bounds().expired_code));
        } else {
            live.mailbox.set_expiry(reachable(duration));
        }
    }

    /// Closes the connection at `end`, as [`Self::expires_in`]. An instant in the past closes it at once.
    pub fn expires_at(&self, end: Instant) {
        self.expires_in(time::Instant::from_std(end).saturating_duration_since(time::Instant::now()));
    }
}
