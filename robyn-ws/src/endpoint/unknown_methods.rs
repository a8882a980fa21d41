//! The names of methods that clients call and no handler has, for the log.

use std::collections::BTreeSet;

use crate::{
    endpoint::Handlers,
    types::id::ConnectionId,
    util::{likeness::closest, log, printable::printable, sync::Mutex},
};

/// Maximum number of unknown names that are logged. Clients choose them, so the log must be bounded.
const LOGGED: usize = 32;

/// Maximum number of bytes of a name that are compared with the known ones.
const COMPARED: usize = 64;

/// The unknown names that were logged.
#[derive(Debug, Default)]
pub(crate) struct UnknownMethods(Mutex<BTreeSet<String>>);

impl UnknownMethods {
    /// Returns `true` if the name is to be logged: once, and not after many others.
    fn is_new(&self, name: &str) -> bool {
        let mut logged = self.0.lock();
        logged.len() < LOGGED && logged.insert(name.to_owned())
    }
}

impl Handlers {
    /// Logs that a client has called an unknown method, and which one it may have meant. The client is not told.
    #[cold]
    pub(crate) fn log_unknown_method(&self, id: ConnectionId, endpoint: &str, method: &str) {
        let name = &method[..method.floor_char_boundary(COMPARED)];
        if !self.unknown_methods.is_new(name) {
            return;
        }
        let known: Vec<_> = self.calls.iter().map(|handler| handler.entry.method).collect();
        let method = printable(method);
        match closest(name, &known) {
            Some(meant) => log::info!(%id, %endpoint, %method, "no such method: did the client mean `{meant}`?"),
            None => log::info!(%id, %endpoint, %method, "no such method"),
        }
    }
}
