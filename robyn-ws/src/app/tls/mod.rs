//! TLS: the certificate of the server, and the handshakes with its clients.

pub(crate) mod accept;
pub(crate) mod certificate;
mod expiry;
mod handshakes;
mod pem;
