//! The checks of an upgrade request that need the endpoint or the app, each of them cheap.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, request::Parts};

use crate::{
    endpoint::Endpoint,
    hub::admission::AdmissionRefusal,
    types::{peer::Peer, request::head_size, scheme::Scheme},
    upgrade::{authority::Authority, origin::OriginRefusal, policy::UpgradePolicy, refusal::Refusal},
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
    endpoint: &Endpoint,
    policy: &UpgradePolicy,
    headers: &HeaderMap,
    host: &Authority,
    scheme: Option<Scheme>,
) -> Result<(), Refusal> {
    let origins = &policy.origins;
    match origins.check(headers, host, scheme) {
        Ok(()) => Ok(()),
        Err(OriginRefusal::Malformed) => Err("`Origin` appears more than once, or is not visible ASCII".into()),
        Err(OriginRefusal::Foreign(origin)) => {
            let path = endpoint.path.clone();
            let is_first = endpoint.warnings.foreign_origin.is_first(move |more| {
                log::warn!(endpoint = %path, more, "more upgrades were refused: foreign Origin");
            });
            log::warn_first!(
                is_first,
                endpoint = %endpoint.path,
                seen = %printable(&origin),
                host = %printable(&host.to_string()),
                scheme = scheme.map(Scheme::name),
                allowed = origins.describe(),
                "upgrade refused: foreign Origin; {}",
                origins.help()
            );
            Err(Refusal::ForeignOrigin)
        }
    }
}

/// The sender of a request.
#[derive(Clone, Copy)]
pub(super) struct Sender {
    /// The client.
    pub(super) peer: Option<SocketAddr>,
    /// The TCP peer, if a trusted proxy has named another address for the client.
    pub(super) proxy: Option<SocketAddr>,
}

impl Sender {
    /// Returns the address that `Limits::max_connections_per_ip` counts.
    pub(super) fn address(self) -> Option<IpAddr> {
        self.peer.map(|address| address.ip())
    }
}

/// Warns if `Limits::max_connections_per_ip` has nothing to count.
pub(super) fn check_address(endpoint: &Endpoint, policy: &UpgradePolicy, parts: &Parts, sender: Sender) {
    if sender.peer.is_some() || endpoint.bounds.max_connections_per_ip.is_none() {
        return;
    }
    let peer = Peer::of_request(parts);
    let is_trusted = policy.proxies.trusts(&peer);
    let help = match (peer, is_trusted) {
        #[cfg(unix)]
        (Peer::Unix(_), true) => {
            "the proxy on the Unix socket does not name it: have it write `X-Forwarded-For` or `Forwarded`"
        }
        #[cfg(unix)]
        (Peer::Unix(_), false) => {
            "a Unix socket has none: have the proxy write `X-Forwarded-For`, and trust it by `App::trusted_proxies([\"unix\"])`"
        }
        _ => "serve the router by `into_make_service_with_connect_info::<SocketAddr>()`",
    };
    let path = endpoint.path.clone();
    let is_first = endpoint.warnings.unknown_address.is_first(move |more| {
        log::warn!(endpoint = %path, more, "more clients without an address have connected");
    });
    log::warn_first!(
        is_first,
        endpoint = %endpoint.path,
        "`Limits::max_connections_per_ip` refuses nobody, since the server does not know the client's address: {help}"
    );
}

/// Refuses a request for a limit that is reached, and warns of it.
pub(super) fn over_limit(
    endpoint: &Endpoint,
    policy: &UpgradePolicy,
    headers: &HeaderMap,
    Sender { peer, proxy }: Sender,
    refusal: AdmissionRefusal,
) -> Refusal {
    let (limit, value) = (refusal.limit(), refusal.value());
    let path = endpoint.path.clone();
    let is_first = endpoint.warnings.of_limit(refusal).is_first(move |more| {
        log::warn!(endpoint = %path, limit, value, more, "more upgrades were refused: the limit is reached");
    });
    let is_behind_a_stranger = matches!(refusal, AdmissionRefusal::ConnectionsOfAddress(_))
        && proxy.is_none()
        && policy.proxies.ignores(peer, headers);
    let hint = if is_behind_a_stranger {
        "; the request names a client in `X-Forwarded-For` or `Forwarded`, which does not count from this peer: if it is a proxy of yours, name it by `App::trusted_proxies`, or all of its clients are one"
    } else {
        ""
    };
    log::warn_first!(
        is_first,
        endpoint = %endpoint.path,
        limit,
        value,
        peer = peer.map(tracing::field::display),
        "upgrade refused: the limit is reached{hint}"
    );
    Refusal::Admission(refusal)
}
