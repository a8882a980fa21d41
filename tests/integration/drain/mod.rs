//! The end of the server.

mod drains;
mod shutdown;
mod spread;
