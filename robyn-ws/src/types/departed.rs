//! The rooms that a connection has left when it ended.

use std::{fmt, vec};

/// The rooms that a connection has left when it ended, for its close handler. It is an iterator, in no particular order.
///
/// The numbers were decided in the moment in which the connection left, like those of [`Left`](crate::Left). So of two tabs
/// of one person that are closed at once, one departure is the last.
///
/// ```
/// use robyn_ws::prelude::*;
///
/// #[websocket("/chat", on = "close")]
/// fn gone(ws: &WebSocketConnector, departed: Departed) {
///     for departure in departed.filter(|departure| departure.last_of_identity) {
///         ws.to(&departure.room).sync_broadcast(format!("somebody left, {} tabs are open", departure.count));
///     }
/// }
/// ```
///
/// A unit test collects one: `[Departure::new("kitchen", 2, true)].into_iter().collect()`.
#[derive(Clone, Default)]
pub struct Departed(vec::IntoIter<Departure>);

/// A room that a connection has left when it ended. [`Departed`] has them.
///
/// `{:?}` prints only the length of the room's name.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Departure {
    /// The name of the room.
    pub room: String,
    /// Number of connections in the room afterwards.
    pub count: usize,
    /// Whether the connection was the last of its identity in the room. A connection without an identity counts by itself.
    pub last_of_identity: bool,
}

impl Departure {
    /// Creates a departure, for the unit test of a close handler.
    pub fn new(room: impl Into<String>, count: usize, last_of_identity: bool) -> Self {
        Self {
            room: room.into(),
            count,
            last_of_identity,
        }
    }
}

impl Iterator for Departed {
    type Item = Departure;

    fn next(&mut self) -> Option<Departure> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Departed {}

impl FromIterator<Departure> for Departed {
    fn from_iter<I: IntoIterator<Item = Departure>>(departures: I) -> Self {
        Self(Vec::from_iter(departures).into_iter())
    }
}

impl fmt::Debug for Departed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Departed").field("len", &self.len()).finish()
    }
}

impl fmt::Debug for Departure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Departure")
            .field("room_bytes", &self.room.len())
            .field("count", &self.count)
            .field("last_of_identity", &self.last_of_identity)
            .finish()
    }
}
