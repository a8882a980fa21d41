//! Why there is no backplane on Redis.

use std::{
    fmt,
    io::{
        self,
        ErrorKind::{InvalidData, TimedOut},
    },
};

use redis::{ConnectionAddr, ErrorKind};

/// Why a [`Redis`](crate::Redis) cannot be created.
///
/// It prints readably with `{:?}` too, so that `main` can return it. It never contains the password of an address.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The address is not valid.
    #[error(
        "not the address of a Redis server: {0}; it begins with `redis://`, like `redis://127.0.0.1:6379`, or with `rediss://` \
         for TLS, which needs the feature `tls`"
    )]
    Address(#[source] redis::RedisError),
    /// The server could not be reached, or it refused the connection.
    #[error(
        "cannot connect to Redis at {server}: {source}; start the server (Redis 6 or later), or correct the address and the \
         password; `Redis::connect_lazy` does not need the server to be there yet"
    )]
    Connect {
        /// The server, without user and password.
        server: String,
        /// The error of the client.
        #[source]
        source: redis::RedisError,
    },
    /// The prefix of the channels is not valid.
    #[error(
        "the prefix `{0}` is not valid: expected 1 to 64 letters of ASCII, digits, `-` and `_`, with single dots between them"
    )]
    Prefix(String),
}

impl fmt::Debug for RedisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Says in one line what an error of the client leaves to guess.
pub(crate) fn explained(error: redis::RedisError, server: &ConnectionAddr) -> redis::RedisError {
    let is_of_tls = matches!(server, ConnectionAddr::TcpTls { .. });
    let (kind, text) = if error.kind() == ErrorKind::Parse {
        (InvalidData, "this is not a Redis server: its answer cannot be read")
    } else if error.is_timeout() && is_of_tls {
        (TimedOut, "timed out: does the server speak TLS?")
    } else if error.is_timeout() {
        (TimedOut, "timed out: is a Redis server at this address?")
    } else if is_of_tls && error.to_string().contains("corrupt message") {
        (InvalidData, "the answer is not of TLS: does the server speak it?")
    } else {
        return error;
    };
    io::Error::new(kind, text).into()
}

/// Returns `true` for errors of a server that is away, and of one that comes and goes.
pub(crate) fn is_absence(error: &redis::RedisError) -> bool {
    error.is_timeout() || error.is_connection_dropped()
}
