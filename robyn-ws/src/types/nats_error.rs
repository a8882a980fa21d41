//! Why there is no backplane on NATS.

use std::{fmt, io};

use async_nats::ConnectError;

/// Why a [`Nats`](crate::Nats) cannot be created.
///
/// It prints readably with `{:?}` too, so that `main` can return it. It never contains the credentials of an address.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum NatsError {
    /// An address is not valid.
    #[error("not the address of a NATS server: {0}; expected one like `nats://127.0.0.1:4222`, or `tls://` for TLS")]
    Address(#[source] io::Error),
    /// No server could be reached, or it refused the connection.
    #[error(
        "cannot connect to NATS at {servers}: {source}; start the server, or correct the address and the options; \
         `Nats::connect_lazy` does not need the server to be there yet"
    )]
    Connect {
        /// The addresses that were tried.
        servers: String,
        /// The last error.
        #[source]
        source: ConnectError,
    },
    /// The prefix of the subjects is not valid.
    #[error(
        "the prefix `{0}` is not valid: expected 1 to 64 letters of ASCII, digits, `-` and `_`, with single dots between them"
    )]
    Prefix(String),
}

impl fmt::Debug for NatsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
