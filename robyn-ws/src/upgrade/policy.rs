//! The rules of upgrades that all endpoints of an app share.

use axum::http::HeaderValue;

use crate::{
    hub::Hub,
    types::scheme::Scheme,
    upgrade::{origin::Origins, proxies::TrustedProxies},
};

/// The rules of upgrades that all endpoints of an app share.
#[derive(Debug)]
pub(crate) struct UpgradePolicy {
    pub(crate) hub: Hub,
    pub(crate) origins: Origins,
    pub(crate) proxies: TrustedProxies,
    /// The scheme of all requests that no proxy has sent, if the server encrypts them itself.
    pub(crate) scheme: Option<Scheme>,
    pub(crate) subprotocols: Vec<HeaderValue>,
}
