//! The parts of a mailbox that few connections need. They are behind one pointer, so that the others have no room for them.

use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::Notify;

use crate::{mailbox::Mailbox, util::time::Moment};

/// The parts of a mailbox that few connections need.
#[derive(Debug, Default)]
pub(super) struct Rare {
    /// Notifies waiting tasks that there is room, or that the gate is closed.
    pub(super) changed: Notify,
    /// When the connection expires, as the number of a [`Moment`], or 0.
    expiry: AtomicU64,
}

impl Mailbox {
    pub(super) fn rare(&self) -> &Rare {
        self.rare.get_or_init(Box::default)
    }

    /// Sets when the driver closes the connection, instead of an earlier time. `None` is never.
    pub(crate) fn set_expiry(&self, at: Option<Moment>) {
        if at.is_none() && self.rare.get().is_none() {
            return;
        }
        self.rare().expiry.store(at.map_or(0, Moment::nanos), Ordering::Relaxed);
        // The lock of the mailbox orders this before the driver's next look at the time.
        self.call_driver();
    }

    /// Returns when the driver closes the connection.
    #[inline]
    pub(crate) fn expiry(&self) -> Option<Moment> {
        Moment::of_nanos(self.rare.get()?.expiry.load(Ordering::Relaxed))
    }
}
