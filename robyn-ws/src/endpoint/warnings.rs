//! The warnings about requests to an endpoint, of which the log has only some.

use std::sync::Arc;

use crate::{hub::admission::AdmissionRefusal, util::repeated::Repeated};

/// The kinds of warnings that clients can cause.
#[derive(Debug, Default)]
pub(crate) struct Warnings {
    pub(crate) foreign_origin: Arc<Repeated>,
    /// `max_connections_per_ip` has no address to count.
    pub(crate) unknown_address: Arc<Repeated>,
    pub(crate) not_switched: Arc<Repeated>,
    pub(crate) refused_with_success: Arc<Repeated>,
    connections: Arc<Repeated>,
    connections_of_address: Arc<Repeated>,
    handshakes: Arc<Repeated>,
    upgrades: Arc<Repeated>,
}

impl Warnings {
    /// Returns the refusals by the same limit.
    pub(crate) const fn of_limit(&self, refusal: AdmissionRefusal) -> &Arc<Repeated> {
        match refusal {
            AdmissionRefusal::Connections(_) => &self.connections,
            AdmissionRefusal::ConnectionsOfAddress(_) => &self.connections_of_address,
            AdmissionRefusal::Handshakes(_) => &self.handshakes,
            AdmissionRefusal::Upgrades(_) => &self.upgrades,
        }
    }
}
