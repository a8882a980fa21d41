//! What happens above a limit, where there is a choice.

/// What happens to a message for a connection whose outbound queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Overflow {
    /// The connection is closed with 1008, as [`CloseReason::SlowConsumer`](crate::CloseReason::SlowConsumer).
    #[default]
    Disconnect,
    /// The new message is dropped and counted.
    DropNewest,
    /// The oldest queued messages are dropped and counted, until the new one fits.
    DropOldest,
}

impl Overflow {
    /// Returns the name for logs and metrics.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Disconnect => "disconnect",
            Self::DropNewest => "drop_newest",
            Self::DropOldest => "drop_oldest",
        }
    }
}

/// What happens when one more connection of an identity would exceed
/// [`Limits::max_connections_per_identity`](crate::Limits::max_connections_per_identity).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum IdentityOverflow {
    /// The new one is refused: with 429 where an `upgrade` handler returns the identity, otherwise with close code 1008, as
    /// [`CloseReason::IdentityRefused`](crate::CloseReason::IdentityRefused).
    #[default]
    Refuse,
    /// The oldest ones are closed with 4409, as [`CloseReason::Replaced`](crate::CloseReason::Replaced).
    CloseOldest,
}
