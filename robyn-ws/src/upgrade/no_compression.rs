//! Stands in for `upgrade/compression.rs` in programs without the feature `deflate`: every offer is declined.

use axum::http::{HeaderMap, HeaderValue};

use crate::{endpoint::Endpoint, wire::deflate::Negotiated};

/// The result of the negotiation.
#[derive(Debug, Default)]
pub(super) struct Accepted {
    pub(super) negotiated: Negotiated,
    pub(super) answer: Option<HeaderValue>,
}

pub(super) fn accept(_endpoint: &Endpoint, _headers: &HeaderMap) -> Accepted {
    Accepted::default()
}
