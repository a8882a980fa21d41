//! What became of the part of a broadcast that leaves this process.

use std::cmp::max_by_key;

/// What became of the part of a broadcast, a send or a close for the other nodes of an app.
///
/// It says nothing of other nodes' connections: what is queued for them arrives at most once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum BackplaneDelivery {
    /// The app has no backplane, so this node is all of it.
    #[default]
    NotConfigured,
    /// It is queued for the other nodes.
    Queued,
    /// It was dropped: the backplane is not connected, or its queue is full
    /// ([`Limits::max_backplane_messages`](crate::Limits::max_backplane_messages) and
    /// [`max_backplane_bytes`](crate::Limits::max_backplane_bytes)).
    Unavailable,
    /// It was dropped: it is larger than the largest payload of the backplane.
    TooLarge,
}

impl BackplaneDelivery {
    /// Returns the worse of two: the later one in the list.
    pub(crate) fn and(self, other: Self) -> Self {
        max_by_key(self, other, |delivery| *delivery as u8)
    }
}
