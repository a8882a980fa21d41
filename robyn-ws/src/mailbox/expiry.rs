//! When a connection expires.

use crate::{mailbox::Mailbox, util::time::Moment};

impl Mailbox {
    /// Sets when the driver closes the connection, instead of an earlier time. `None` is never.
    pub(crate) fn set_expiry(&self, at: Option<Moment>) {
        if at.is_none() && self.rare.get().is_none() {
            return;
        }
        self.rare().set_expiry(at);
        // The lock of the mailbox orders this before the driver's next look at the time.
        self.call_driver();
    }

    /// Returns when the driver closes the connection.
    #[inline]
    pub(crate) fn expiry(&self) -> Option<Moment> {
        self.rare.get()?.expiry()
    }
}
