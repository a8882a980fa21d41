//! The names of methods that clients call and no handler has, for the log.

use std::collections::BTreeSet;

use crate::{
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

    /// Logs that a client has called an unknown method, and which of the known ones it may have meant. The client is not told.
    pub(super) fn log(&self, known: &[&str], id: ConnectionId, endpoint: &str, method: &str) {
        let name = &method[..method.floor_char_boundary(COMPARED)];
        if !self.is_new(name) {
            return;
        }
        let method = printable(method);
        match closest(name, known) {
            Some(meant) => log::info!(%id, %endpoint, %method, "no such method: did the client mean `{meant}`?"),
            None => log::info!(%id, %endpoint, %method, "no such method"),
        }
    }
}
