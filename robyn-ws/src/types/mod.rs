//! Values that all layers use.

pub(crate) mod backplane_delivery;
pub(crate) mod borrowed;
pub(crate) mod call_error;
pub(crate) mod close;
#[cfg(feature = "deflate")]
pub(crate) mod compression;
pub(crate) mod departed;
pub(crate) mod disconnected;
pub(crate) mod error;
pub(crate) mod error_object;
pub(crate) mod event_kind;
pub(crate) mod id;
pub(crate) mod identity;
pub(crate) mod key;
pub(crate) mod limits;
pub(crate) mod membership;
pub(crate) mod message;
#[cfg(feature = "nats")]
pub(crate) mod nats_error;
pub(crate) mod peer;
#[cfg(feature = "backplane")]
pub(crate) mod present;
#[cfg(feature = "redis")]
pub(crate) mod redis_error;
pub(crate) mod rejection;
pub(crate) mod reply;
pub(crate) mod request;
pub(crate) mod scheme;
pub(crate) mod setting;
#[cfg(feature = "tls")]
pub(crate) mod tls_error;
#[cfg(feature = "deflate")]
mod uncompressed;
pub(crate) mod utf8_bytes;
