//! Guards of a connection's membership in the hub: it leaves the hub however it ends.

use std::sync::Arc;

use crate::hub::{live::Live, sweep::Sweeper};

/// Takes the connection out of the hub when it is dropped.
#[derive(Debug)]
pub(super) struct HubGuard(Arc<Live>);

impl HubGuard {
    /// Puts the connection into the hub.
    pub(super) fn new(live: Arc<Live>) -> Self {
        live.endpoint.enter(live.clone());
        Sweeper::watch(&live);
        live.endpoint.telemetry.opened();
        Self(live)
    }
}

impl Drop for HubGuard {
    fn drop(&mut self) {
        self.0.mailbox.drop_socket();
        self.0.endpoint.leave(self.0.id);
        self.0.endpoint.forget(self.0.id);
        Sweeper::left(&self.0);
        self.0.endpoint.telemetry.left();
    }
}

/// Keeps the rooms and the identity of a connection that has left the hub for its close handler.
#[derive(Debug)]
pub(super) struct RoomsGuard(pub(super) Arc<Live>);

impl Drop for RoomsGuard {
    fn drop(&mut self) {
        self.0.endpoint.forget_departed(self.0.id);
    }
}
