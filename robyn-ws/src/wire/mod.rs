//! Bytes of one socket: frames read from it, and frames written to it.

pub(crate) mod decoder;
pub(crate) mod frame;
mod header;
mod mask;
mod read_buffer;
pub(crate) mod reader;
pub(crate) mod received;
pub(crate) mod transport;
pub(crate) mod turn;
pub(crate) mod whole;
pub(crate) mod writer;
