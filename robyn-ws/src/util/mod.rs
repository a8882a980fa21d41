//! Tools that are independent of WebSockets.

pub(crate) mod blocking;
pub(crate) mod isolate;
pub(crate) mod likeness;
pub(crate) mod log;
pub(crate) mod network;
pub(crate) mod per_client;
pub(crate) mod printable;
pub(crate) mod queue;
pub(crate) mod random;
pub(crate) mod rate;
pub(crate) mod repeated;
pub(crate) mod sync;
pub(crate) mod time;
pub(crate) mod type_names;
pub(crate) mod user_value;
