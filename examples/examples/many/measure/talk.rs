//! What both processes know: who sits where, what is said, and the orders that the server's process gives to the
//! clients'.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many sit in a room.
pub(crate) const ROOM: usize = 10;
/// One in so many chats.
pub(crate) const CHATS: usize = 1000;

/// What every client is told first.
pub(crate) const WELCOME: &str = "welcome";

/// Where a client sits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seat {
    /// Every other client is in one.
    pub(crate) room: Option<usize>,
    pub(crate) chats: bool,
}

impl Seat {
    /// Clients have numbers from 0.
    pub(crate) const fn of(client: usize) -> Self {
        Self {
            room: if client % 2 == 1 { Some(client / 2 / ROOM) } else { None },
            chats: client % CHATS == 1,
        }
    }

    /// Tells whether somebody in the client's room chats: it is the first to sit there.
    pub(crate) fn hears(self) -> bool {
        self.room.is_some_and(|room| Self::of(room * ROOM * 2 + 1).chats)
    }

    /// What is said in the client's room, with numbers from 1.
    pub(crate) fn remark(self, number: usize) -> Option<String> {
        let room = self.room?;
        Some(format!("room {room}, remark {number}: what do you make of this one?"))
    }
}

/// What everybody is told, with numbers from 1.
pub(crate) fn announcement(number: usize) -> String {
    format!("announcement {number}: the league meets in the great hall")
}

/// What the clients are to do. Each order is answered when it is done.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Order {
    /// To connect until there are so many. They give how many there are.
    Connect(usize),
    /// To give how many pings have come to all of them.
    CountPings,
    /// To say so many remarks, each when the last has come back. They give how many all of them have heard.
    Chat(usize),
    /// To wait until everybody has so many announcements. They give how many have come to all of them.
    Listen(usize),
    /// To wait until everybody is sent away with 1001. They give how many were.
    Leave,
}

/// Gives how long so many clients may take for an order.
pub(crate) fn patience(clients: usize) -> Duration {
    let each = Duration::from_millis(1);
    Duration::from_secs(30) + each.saturating_mul(u32::try_from(clients).unwrap_or(u32::MAX))
}

/// A count, or what went wrong.
pub(crate) type Answer = Result<usize, String>;
