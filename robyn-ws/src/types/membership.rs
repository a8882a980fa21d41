//! The results of joining and leaving a room, and of identifying.

use std::fmt;

/// The result of [`WebSocketConnector::join`](crate::WebSocketConnector::join), taken in the same step as the change.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/chat/{room}", on = "connect")]
/// fn enter(ws: WebSocketConnector, Path(room): Path<String>) {
///     let joined = ws.join(&room);
///     ws.to(&room).sync_broadcast(format!("{} in the room", joined.count));
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// Number of connections in the room after the call.
    pub count: usize,
    /// Whether the connection is in the room after the call.
    pub is_member: bool,
    /// Whether this call added the first connection of its identity to the room. A connection without an identity
    /// counts by itself.
    pub first_of_identity: bool,
}

/// The result of [`WebSocketConnector::leave`](crate::WebSocketConnector::leave), taken in the same step as the change.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/rooms", on = "message")]
/// fn leave(ws: WebSocketConnector, room: String) {
///     let left = ws.leave(&room);
///     if left.was_member {
///         ws.to(&room).sync_broadcast(format!("{} in the room", left.count));
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Left {
    /// Number of connections in the room after the call.
    pub count: usize,
    /// Whether the connection was in the room before the call.
    pub was_member: bool,
    /// Whether this call removed the last connection of its identity from the room. A connection without an identity
    /// counts by itself.
    pub last_of_identity: bool,
}

/// The result of [`WebSocketConnector::identify`](crate::WebSocketConnector::identify), taken in the same step as the
/// change.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/login", on = "message")]
/// fn login(ws: &WebSocketConnector, msg: &str) -> String {
///     let identified = ws.identify(msg);
///     format!("you are here {} times", identified.count)
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identified {
    /// Number of connections of the identity after the call, on all endpoints of the app.
    pub count: usize,
    /// Whether the connection has the identity after the call.
    pub is_identified: bool,
    /// The rooms of the connection, in no particular order, where it counts under the new identity from now on. Empty if
    /// the connection had this identity before.
    pub rooms: Vec<RoomChange>,
}

impl Identified {
    pub(crate) const fn new(count: usize, rooms: Vec<RoomChange>) -> Self {
        Self {
            count,
            is_identified: true,
            rooms,
        }
    }
}

/// What a new identity changes in a room of its connection.
///
/// `{:?}` prints only the length of the room's name.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomChange {
    /// The name of the room.
    pub room: String,
    /// Whether the connection was the last of its previous identity in the room. Without one, it counted by itself.
    pub last_of_previous: bool,
    /// Whether the connection is the first of its new identity in the room.
    pub first_of_identity: bool,
}

impl fmt::Debug for RoomChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoomChange")
            .field("room_bytes", &self.room.len())
            .field("last_of_previous", &self.last_of_previous)
            .field("first_of_identity", &self.first_of_identity)
            .finish()
    }
}
