//! The handshakes under way, and the limits of their number.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use crate::{
    app::edge_metrics::tls_handshake,
    types::limits::Bounds,
    util::{log, per_client::PerClient, repeated::Repeated, sync::Mutex},
};

/// The handshakes under way, of all clients and of each.
#[derive(Debug)]
pub(super) struct Handshakes {
    counts: Mutex<Counts>,
    limit: Limit,
    limit_of_client: Option<Limit>,
}

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    /// Empty unless there is a limit for each client.
    by_client: PerClient,
}

impl Handshakes {
    pub(super) fn new(bounds: &Bounds) -> Self {
        let of_client = bounds.max_tls_handshakes_per_ip;
        Self {
            counts: Mutex::default(),
            limit: Limit::new("max_tls_handshakes", bounds.max_tls_handshakes),
            limit_of_client: of_client.map(|max| Limit::new("max_tls_handshakes_per_ip", max)),
        }
    }

    /// Counts a handshake until the guard is dropped, or returns the limit that is reached. Without an address, it counts for
    /// no client.
    pub(super) fn begin(&self, client: Option<IpAddr>) -> Result<Handshake<'_>, &Limit> {
        let of_client = self.limit_of_client.as_ref().zip(client);
        let mut counts = self.counts.lock();
        self.limit.allows(counts.all)?;
        if let Some((limit, client)) = of_client {
            limit.allows(counts.by_client.count(client))?;
        }
        counts.all += 1;
        let client = of_client.map(|(_limit, client)| client);
        if let Some(client) = client {
            counts.by_client.add(client);
        }
        Ok(Handshake { of: self, client })
    }
}

/// Counts one handshake until it is dropped.
pub(super) struct Handshake<'a> {
    of: &'a Handshakes,
    client: Option<IpAddr>,
}

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        let mut counts = self.of.counts.lock();
        counts.all -= 1;
        if let Some(client) = self.client {
            counts.by_client.remove(client);
        }
    }
}

/// A limit of `Limits`, and the clients that it refuses.
#[derive(Debug)]
pub(super) struct Limit {
    name: &'static str,
    value: usize,
    refusals: Arc<Repeated>,
}

impl Limit {
    fn new(name: &'static str, value: usize) -> Self {
        Self {
            name,
            value,
            refusals: Arc::default(),
        }
    }

    /// Returns the limit if there are as many as it allows.
    const fn allows(&self, count: usize) -> Result<(), &Self> {
        if count < self.value { Ok(()) } else { Err(self) }
    }

    /// Counts and logs a client whose handshake does not begin.
    pub(super) fn refuse(&self, peer: Option<SocketAddr>) {
        tls_handshake("refused");
        let (limit, value) = (self.name, self.value);
        let is_first = self.refusals.is_first(move |more| {
            log::warn!(limit, value, more, "TCP closed for more clients: the limit is reached");
        });
        let peer = peer.map(tracing::field::display);
        log::warn_first!(is_first, limit, value, peer, "TCP closed: the limit is reached");
    }
}
