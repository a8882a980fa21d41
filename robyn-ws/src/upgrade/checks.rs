//! The checks of an upgrade request that need the endpoint or the app, each of them cheap.

use std::net::{IpAddr, SocketAddr};

use axum::http::request::Parts;

use crate::{
    endpoint::Endpoint,
    types::request::head_size,
    upgrade::{
        authority::Authority,
        origin::{OriginRefusal, Scheme},
        policy::UpgradePolicy,
        refusal::Refusal,
    },
    util::{log, printable::printable},
};

pub(super) fn check_drain(policy: &UpgradePolicy) -> Result<(), Refusal> {
    if policy.hub.drain().has_begun() {
        return Err(Refusal::Draining);
    }
    Ok(())
}

pub(super) fn check_head(endpoint: &Endpoint, parts: &Parts) -> Result<(), Refusal> {
    let (bytes, limit) = (head_size(parts), endpoint.bounds.max_request_head);
    if bytes > limit {
        return Err(Refusal::HeadTooLarge { bytes, limit });
    }
    Ok(())
}

pub(super) fn check_target(endpoint: &Endpoint, parts: &Parts) -> Result<(), Refusal> {
    let bytes = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    let limit = endpoint.bounds.max_request_target;
    if bytes > limit {
        return Err(Refusal::TargetTooLong { bytes, limit });
    }
    Ok(())
}

pub(super) fn check_origin(
    policy: &UpgradePolicy,
    parts: &Parts,
    host: &Authority,
    scheme: Option<Scheme>,
) -> Result<(), Refusal> {
    let origins = &policy.origins;
    match origins.check(&parts.headers, host, scheme) {
        Ok(()) => Ok(()),
        Err(OriginRefusal::Malformed) => Err("`Origin` appears more than once, or is not visible ASCII".into()),
        Err(OriginRefusal::Foreign(origin)) => {
            log::warn!(
                seen = ?printable(&origin),
                host = ?printable(&host.to_string()),
                scheme = scheme.map(Scheme::name),
                allowed = origins.describe(),
                "upgrade refused: foreign Origin; {}",
                origins.help()
            );
            Err(Refusal::ForeignOrigin)
        }
    }
}

/// Returns the address that `Limits::max_connections_per_ip` counts.
pub(super) fn client_address(endpoint: &Endpoint, peer: Option<SocketAddr>) -> Option<IpAddr> {
    let address = peer.map(|address| address.ip());
    if address.is_none() && endpoint.bounds.max_connections_per_ip.is_some() {
        log::warn!(
            endpoint = %endpoint.path,
            "`Limits::max_connections_per_ip` refuses nobody, since the server does not know the client's address: serve the router by `into_make_service_with_connect_info::<SocketAddr>()`"
        );
    }
    address
}
