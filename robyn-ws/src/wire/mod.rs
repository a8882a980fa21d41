//! The bytes of one socket: frames read from it, and frames written to it.

pub(crate) mod decoder;
#[cfg_attr(not(feature = "deflate"), path = "no_deflate.rs")]
pub(crate) mod deflate;
pub(crate) mod frame;
mod header;
pub(crate) mod http_socket;
mod mask;
#[cfg(all(test, races))]
pub(crate) mod pipe;
mod read_buffer;
pub(crate) mod reader;
pub(crate) mod received;
pub(crate) mod tcp;
pub(crate) mod transport;
pub(crate) mod tunnel;
pub(crate) mod turn;
pub(crate) mod whole_message;
#[cfg(feature = "http2")]
pub(crate) mod write_task;
pub(crate) mod writer;
