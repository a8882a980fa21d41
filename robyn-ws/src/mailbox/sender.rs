//! Who sends to a connection: the handler of that connection which runs at this moment, or anybody else.

use std::cell::Cell;

use crate::ConnectionId;

thread_local! {
    /// The connection whose handler this thread runs at this moment.
    static RUNNING: Cell<Option<ConnectionId>> = const { Cell::new(None) };
}

/// Who sends to a connection. It decides what is still taken near the connection's beginning and end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The connection's own handler, by whichever handle.
    Own,
    /// Anybody else: another connection, a task, the hub.
    Other,
}

impl Sender {
    /// Returns who sends to the connection `id` from this thread at this moment.
    #[inline]
    pub(crate) fn to(id: ConnectionId) -> Self {
        if RUNNING.get() == Some(id) {
            Self::Own
        } else {
            Self::Other
        }
    }

    /// Runs a part of a handler of the connection `id`.
    pub(crate) fn run_handler_of<T>(id: ConnectionId, part: impl FnOnce() -> T) -> T {
        /// Puts back what was there, also after a panic.
        struct Before(Option<ConnectionId>);

        impl Drop for Before {
            fn drop(&mut self) {
                RUNNING.set(self.0);
            }
        }

        let _before = Before(RUNNING.replace(Some(id)));
        part()
    }
}
