//! Who sends to a connection: the handler of that connection which runs at this moment, or anybody else.

use std::cell::Cell;

use crate::types::id::ConnectionId;

thread_local! {
    /// The connection whose handler this thread runs at this moment.
    static RUNNING: Cell<Option<HandlerRun>> = const { Cell::new(None) };
}

/// A handler that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandlerRun {
    /// Its connection.
    pub(crate) id: ConnectionId,
    /// Whether its broadcasts are for its own client as well, who may have left meanwhile. A close handler's are not.
    pub(crate) receives_own_broadcasts: bool,
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
        if RUNNING.get().is_some_and(|running| running.id == id) {
            Self::Own
        } else {
            Self::Other
        }
    }

    /// Returns the connection whose handler runs on this thread, if its broadcasts are for its own client as well.
    pub(crate) fn running_recipient() -> Option<ConnectionId> {
        RUNNING
            .get()
            .filter(|running| running.receives_own_broadcasts)
            .map(|running| running.id)
    }

    /// Runs a part of a handler.
    pub(crate) fn run<T>(handler: HandlerRun, part: impl FnOnce() -> T) -> T {
        /// Puts back what was there, also after a panic.
        struct Before(Option<HandlerRun>);

        impl Drop for Before {
            fn drop(&mut self) {
                RUNNING.set(self.0);
            }
        }

        let _before = Before(RUNNING.replace(Some(handler)));
        part()
    }
}
