//! The parts of a mailbox that few connections need. They are behind one pointer, so that the others have no room for them.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::util::time::Moment;

/// The parts of a mailbox that few connections need.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// Notifies waiting tasks that there is room, or that the gate is closed.
    pub(super) changed: Notify,
    /// When the connection expires, as the number of a [`Moment`], or 0.
    expiry: AtomicU64,
}

impl Rare {
    pub(super) fn set_expiry(&self, at: Option<Moment>) {
        self.expiry.store(at.map_or(0, Moment::nanos), Ordering::Relaxed);
    }

    pub(super) fn expiry(&self) -> Option<Moment> {
        Moment::of_nanos(self.expiry.load(Ordering::Relaxed))
    }
}
