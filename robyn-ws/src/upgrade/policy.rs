//! The rules of upgrades that all endpoints of an app share.

use axum::http::HeaderValue;

use crate::{
    hub::Hub,
    upgrade::{origin::Origins, proxies::TrustedProxies},
};

/// The rules of upgrades that all endpoints of an app share.
#[derive(Debug)]
pub(crate) struct UpgradePolicy {
    pub(crate) hub: Hub,
    pub(crate) origins: Origins,
    pub(crate) proxies: TrustedProxies,
    pub(crate) subprotocols: Vec<HeaderValue>,
}
