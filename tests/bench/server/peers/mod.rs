//! The peers, each in its own idiom.

pub(crate) mod axum_broadcast;
pub(crate) mod floor;
pub(crate) mod robyn_ws;
