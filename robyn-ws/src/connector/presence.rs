//! Showing who is in a room.

use serde::Serialize;

use crate::{connector::WebSocketConnector, types::present::TrackError};

impl WebSocketConnector {
    /// Shows this connection's person, with a small `value`, to whoever asks for the
    /// [`presence`](crate::Audience::presence) of `room`, on all nodes, until the connection leaves the room or ends. A later
    /// call replaces the value. It needs the cargo feature `backplane`, and works without a backplane too.
    ///
    /// ```
    /// use robyn_ws::{TrackError, prelude::*};
    ///
    /// #[websocket("/chat/{room}/{user}", on = "connect")]
    /// fn enter(ws: &WebSocketConnector, Path((room, user)): Path<(String, String)>) -> Result<String, TrackError> {
    ///     ws.identify(user);
    ///     ws.join(&room);
    ///     ws.track(&room, "listening")?;
    ///     let people = ws.to(&room).presence();
    ///     let names = people.iter().map(|present| present.identity().as_str());
    ///     Ok(names.collect::<Vec<_>>().join(", "))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`TrackError`] if the connection is not in the room, has no identity, or the value is too long
    /// ([`Limits::max_presence_value`](crate::Limits::max_presence_value)) or cannot be JSON.
    #[cfg_attr(docsrs, doc(cfg(feature = "backplane")))]
    pub fn track(&self, room: impl AsRef<str>, value: &(impl Serialize + ?Sized)) -> Result<(), TrackError> {
        self.live.endpoint.track(self.id(), room.as_ref(), value)
    }
}
