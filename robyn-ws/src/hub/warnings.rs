//! The warnings about connections of an endpoint that clients can cause, of which the log has only some.

use std::{collections::BTreeMap, sync::Arc};

use crate::util::{repeated::Repeated, sync::Mutex};

/// The kinds of warnings about the connections of an endpoint.
#[derive(Debug, Default)]
pub(crate) struct ConnectionWarnings {
    pub(super) too_many_rooms: Arc<Repeated>,
    pub(super) long_room_names: Arc<Repeated>,
    pub(super) long_identities: Arc<Repeated>,
    pub(super) connections_of_identity: Arc<Repeated>,
    /// By the key of the handler. Empty until a handler is warned of.
    of_handlers: Mutex<BTreeMap<(usize, HandlerWarning), Arc<Repeated>>>,
}

/// The kinds of warnings about a handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum HandlerWarning {
    Failed,
    Dropped,
    LeftBehind,
    /// Of a connect handler.
    TooSlow,
}

impl ConnectionWarnings {
    /// Returns the warnings of one kind about a handler.
    pub(crate) fn of_handler(&self, key: usize, warning: HandlerWarning) -> Arc<Repeated> {
        self.of_handlers.lock().entry((key, warning)).or_default().clone()
    }
}
