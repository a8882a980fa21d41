//! The events of a connection, for logs, metrics and errors.

use std::fmt;

/// The event of a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventKind {
    Upgrade,
    Connect,
    Message,
    Call,
    Close,
    Session,
}

impl EventKind {
    /// Returns the name as in `on = "…"`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Connect => "connect",
            Self::Message => "message",
            Self::Call => "call",
            Self::Close => "close",
            Self::Session => "session",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
