//! The words that the oracle and the app under test have in common: what is asked for, and what comes of it.

use serde::{Deserialize, Serialize};

/// What the handler of a connection is asked to do, or the hub from outside. The oracle numbers connections, the app
/// knows their ids.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Order<Id> {
    /// Only for handlers.
    Join(Room),
    /// Only for handlers.
    Leave(Room),
    Send {
        to: Id,
        burst: Burst,
    },
    Broadcast {
        to: Reach,
        except: Vec<Id>,
        burst: Burst,
    },
    /// Only for the hub.
    Close {
        whom: Id,
        code: u16,
    },
    /// Only for handlers.
    CloseMyself {
        code: u16,
    },
    /// One after the other, nothing between them.
    Several(Vec<Self>),
}

/// So many messages one after the other, nothing between them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Burst {
    /// The number of its first message in its turn.
    pub(crate) number: usize,
    pub(crate) messages: usize,
    /// Whether by the `async_` calls.
    pub(crate) waits: bool,
}

/// Whom a broadcast goes to, less exceptions.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Reach {
    Everyone,
    /// Only for handlers.
    Others,
    /// A union, in which a room can stand twice. Never empty.
    Rooms(Vec<Room>),
    /// The same, said as `everyone().to(room)`.
    EveryoneIn(Vec<Room>),
    /// A union less the one who asks. Only for handlers.
    OthersIn(Vec<Room>),
}

/// A room by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Room(pub(crate) u8);

impl Room {
    pub(crate) fn name(self) -> String {
        format!("room {}", self.0)
    }
}

impl<Id> Order<Id> {
    /// Translates the names of connections.
    pub(crate) fn map<Other>(self, name: &impl Fn(Id) -> Other) -> Order<Other> {
        match self {
            Self::Join(room) => Order::Join(room),
            Self::Leave(room) => Order::Leave(room),
            Self::Send { to, burst } => Order::Send { to: name(to), burst },
            Self::Broadcast { to, except, burst } => {
                let except = except.into_iter().map(name).collect();
                Order::Broadcast { to, except, burst }
            }
            Self::Close { whom, code } => Order::Close { whom: name(whom), code },
            Self::CloseMyself { code } => Order::CloseMyself { code },
            Self::Several(orders) => Order::Several(orders.into_iter().map(|order| order.map(name)).collect()),
        }
    }
}

impl Burst {
    /// The texts of a burst. No other turn has the same.
    pub(crate) fn texts(self, turn: u64) -> impl Iterator<Item = String> {
        let first = self.number;
        (first..first + self.messages).map(move |number| format!("message {turn}.{number}"))
    }
}

/// What came of an order. A handler returns it, so that it is also the last message that its client gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Answer {
    /// Of `Join` and `Leave`: what the call gave, and the rooms thereafter, sorted.
    Rooms { gave: bool, rooms: Vec<String> },
    /// Of `Send`: the results as `Debug` writes them.
    Results(Vec<String>),
    /// Of `Close` its result, and of `CloseMyself` that of a message sent too late; and how many are left, at once.
    Closed(String, usize),
    /// Of `Broadcast`: the size of the audience beforehand, and what was queued and dropped, message by message.
    Deliveries {
        count: usize,
        deliveries: Vec<(usize, usize)>,
    },
    /// Of `Several`: one for each.
    Several(Vec<Self>),
}
