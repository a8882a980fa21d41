//! The other end of an HTTP connection.

#[cfg(unix)]
use std::sync::Arc;
use std::{
    any::Any,
    fmt,
    net::{IpAddr, SocketAddr},
};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, request::Parts},
};
#[cfg(unix)]
use tokio::net::unix;

/// The address of a Unix socket, as an extension of its requests.
#[cfg(unix)]
type OfUnixSocket = ConnectInfo<unix::SocketAddr>;

/// The other end of an HTTP connection, as the HTTP server knows it.
#[derive(Clone, Debug)]
pub(crate) enum Peer {
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(Arc<unix::SocketAddr>),
    /// A listener of another kind has other addresses.
    Other,
}

/// A client that a proxy has introduced with the PROXY protocol, as an extension of its requests.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Introduced {
    /// The address of the proxy, if it has one.
    pub(crate) by: Option<SocketAddr>,
    /// Whether the proxy has named the client.
    pub(crate) is_named: bool,
}

impl Peer {
    /// Returns the peer of an accepted socket. A listener of IPv6 that accepts IPv4 has mapped addresses.
    pub(crate) fn of_socket(address: &dyn Any) -> Self {
        if let Some(address) = address.downcast_ref::<SocketAddr>() {
            return Self::Tcp(match address.ip().to_canonical() {
                ip @ IpAddr::V4(_) => SocketAddr::new(ip, address.port()),
                IpAddr::V6(_) => *address,
            });
        }
        #[cfg(unix)]
        if let Some(address) = address.downcast_ref::<unix::SocketAddr>() {
            return Self::Unix(Arc::new(address.clone()));
        }
        Self::Other
    }

    /// Returns the peer of a request. If it has two addresses, the address of TCP counts.
    pub(crate) fn of_request(parts: &Parts) -> Self {
        if let Some(ConnectInfo(address)) = parts.extensions.get::<ConnectInfo<SocketAddr>>() {
            return Self::Tcp(*address);
        }
        #[cfg(unix)]
        if let Some(ConnectInfo(address)) = parts.extensions.get::<OfUnixSocket>() {
            return Self::Unix(Arc::new(address.clone()));
        }
        Self::Other
    }

    /// Adds the peer to the extensions of a request, from where handlers can take it.
    pub(crate) fn describe(&self, extensions: &mut Extensions) {
        match self {
            Self::Tcp(address) => {
                extensions.insert(ConnectInfo(*address));
            }
            #[cfg(unix)]
            Self::Unix(address) => {
                extensions.insert(ConnectInfo(unix::SocketAddr::clone(address)));
            }
            Self::Other => {}
        }
    }

    /// Returns the address of TCP.
    pub(crate) const fn address(&self) -> Option<SocketAddr> {
        if let Self::Tcp(address) = self {
            return Some(*address);
        }
        None
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            #[cfg(unix)]
            Self::Unix(_) => f.write_str("unix"),
            Self::Other => f.write_str("unknown"),
        }
    }
}
