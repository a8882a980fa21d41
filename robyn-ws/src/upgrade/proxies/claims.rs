//! The values that a proxy can say about a request.

use std::net::SocketAddr;

use crate::types::scheme::Scheme;

/// The values of `Forwarded`, or those of the `X-Forwarded-` headers.
#[derive(Debug, Default)]
pub(super) struct Claims {
    /// Set if the header names a hop.
    pub(super) client: Option<Client>,
    pub(super) host: Option<String>,
    pub(super) scheme: Option<Scheme>,
}

/// The address of a client. A proxy on a Unix socket that does not name its client leaves it open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Client(pub(super) Option<SocketAddr>);

impl PartialEq for Client {
    /// A header may leave out the port.
    fn eq(&self, other: &Self) -> bool {
        self.0.map(|address| address.ip()) == other.0.map(|address| address.ip())
    }
}

/// Two headers that say different things.
#[derive(Debug)]
pub(super) struct Contradiction;

/// Returns the value that both headers agree on, or the one that only one of them has.
pub(super) fn agreed<T>(
    one: Option<T>,
    other: Option<T>,
    is_same: impl Fn(&T, &T) -> bool,
) -> Result<Option<T>, Contradiction> {
    match (one, other) {
        (Some(one), Some(other)) if !is_same(&one, &other) => Err(Contradiction),
        (one, other) => Ok(one.or(other)),
    }
}
