//! The sender of a frame, relative to its recipient: the recipient's own handler, or another one.

use std::cell::Cell;

use crate::types::id::ConnectionId;

thread_local! {
    /// The handler that runs on this thread.
    static RUNNING: Cell<Option<HandlerRun>> = const { Cell::new(None) };
}

/// A running handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct HandlerRun {
    /// Its connection.
    pub(crate) id: ConnectionId,
    /// Whether its broadcasts also reach its own client after that client has left the hub. `false` for close handlers.
    pub(crate) receives_own_broadcasts: bool,
}

/// The sender of a frame. It decides which frames are accepted near the beginning and the end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sender {
    /// The connection's own handler, through any handle.
    Own,
    /// Another connection, a task, or the hub.
    Other,
}

impl Sender {
    /// Returns the kind of sender that this thread is for the connection `id`.
    #[inline]
    pub(crate) fn to(id: ConnectionId) -> Self {
        if RUNNING.get().is_some_and(|running| running.id == id) {
            Self::Own
        } else {
            Self::Other
        }
    }

    /// Returns the connection whose handler runs on this thread, if it receives the handler's broadcasts.
    pub(crate) fn running_recipient() -> Option<ConnectionId> {
        RUNNING
            .get()
            .filter(|running| running.receives_own_broadcasts)
            .map(|running| running.id)
    }

    /// Runs a step of a handler.
    #[inline]
    pub(crate) fn run<T>(handler: HandlerRun, step: impl FnOnce() -> T) -> T {
        /// Restores the previous value, also after a panic.
        struct Restore(Option<HandlerRun>);

        impl Drop for Restore {
            fn drop(&mut self) {
                RUNNING.set(self.0);
            }
        }

        let _restore = Restore(RUNNING.replace(Some(handler)));
        step()
    }
}
