//! The peers, each in its own idiom.

pub(crate) mod actix_ws;
pub(crate) mod axum_broadcast;
pub(crate) mod axum_mpsc;
pub(crate) mod fastwebsockets;
pub(crate) mod floor;
pub(crate) mod jsonrpsee;
pub(crate) mod robyn_ws;
