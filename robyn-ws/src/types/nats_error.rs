//! Why there is no backplane on NATS.

use std::{error::Error as _, fmt, io};

use async_nats::{ConnectError, ConnectErrorKind};

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

/// Adds to an error of the client what it does not say.
pub(crate) fn explained(error: ConnectError) -> ConnectError {
    match (error.kind(), io_error(&error)) {
        (kind @ ConnectErrorKind::TimedOut, None) => {
            ConnectError::with_source(kind, "is a NATS server at this address?")
        }
        (kind @ ConnectErrorKind::Tls, Some(cause)) if is_of_file(cause) => {
            let text = format!("{cause} (a file of `add_root_certificates` or `add_client_certificate`)");
            ConnectError::with_source(kind, io::Error::new(cause.kind(), text))
        }
        (kind @ ConnectErrorKind::Io, Some(cause)) if cause.to_string().contains("corrupt message") => {
            let text = format!("{cause}: does the server speak TLS?");
            ConnectError::with_source(kind, io::Error::new(cause.kind(), text))
        }
        _ => error,
    }
}

/// Returns `true` if a file of certificates or of a key cannot be read or has something else in it.
fn is_of_file(error: &io::Error) -> bool {
    error.raw_os_error().is_some() || error.kind() == io::ErrorKind::InvalidData
}

/// Returns `true` for the text of an error that says no more than that the server is away, or comes and goes.
pub(crate) fn is_absence(error: &str) -> bool {
    let kind = |kind: ConnectErrorKind| error.strip_prefix(&kind.to_string());
    let of_io = kind(ConnectErrorKind::Io).is_some_and(|cause| {
        let words = ["os error", "broken pipe", "got nothing", "early eof", "end of file"];
        words.iter().any(|words| cause.contains(words))
    });
    of_io || kind(ConnectErrorKind::TimedOut).is_some() || kind(ConnectErrorKind::MaxReconnects).is_some()
}

fn io_error(error: &ConnectError) -> Option<&io::Error> {
    error.source()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::is_absence;

    #[test]
    fn server_that_is_away_is_told_from_one_that_refuses() {
        for away in [
            "IO error: Connection refused (os error 111)",
            "IO error: expected INFO, got nothing",
            "timed out: is a NATS server at this address?",
        ] {
            assert!(is_absence(away), "{away}");
        }
        for refuses in [
            "authorization violation: nats: authorization violation",
            "IO error: nats: maximum connections exceeded",
            "IO error: invalid peer certificate: UnknownIssuer",
        ] {
            assert!(!is_absence(refuses), "{refuses}");
        }
    }
}
