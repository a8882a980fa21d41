//! The proxies in front of the app, and what they say about their clients.

mod claims;
mod forwarded;
mod node;
mod x_forwarded;

use std::{net::SocketAddr, panic::Location, sync::Arc};

use axum::{
    extract::ConnectInfo,
    http::{HeaderMap, header, request::Parts},
};

use crate::{
    types::{
        error::{Place, Problems},
        peer::{Introduced, Peer},
        scheme::Scheme,
    },
    upgrade::proxies::{
        claims::{Claims, Client, agreed},
        x_forwarded::{X_FORWARDED_FOR, X_FORWARDED_HOST, X_FORWARDED_PROTO},
    },
    util::{log, network::Network, printable::printable, repeated::Repeated},
};

/// The proxies whose headers are read.
#[derive(Clone, Debug, Default)]
pub(crate) struct TrustedProxies {
    networks: Vec<Network>,
    /// Whether the peers of Unix sockets are proxies.
    unix: bool,
    /// Requests of unknown senders.
    unknown: Arc<Repeated>,
    /// Requests whose headers contradict each other.
    contradictions: Arc<Repeated>,
}

/// The values that the proxies of a request say about it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The host and port that the client asked for.
    pub(crate) host: Option<String>,
    /// The scheme that the client used.
    pub(crate) scheme: Option<Scheme>,
    /// The TCP peer, if the client is another one.
    pub(crate) proxy: Option<SocketAddr>,
    /// Whether a trusted proxy speaks for the client, so that only it knows the scheme.
    pub(crate) is_by_proxy: bool,
}

impl TrustedProxies {
    /// Adds addresses and networks, and reports the mistaken ones.
    pub(crate) fn add(
        &mut self,
        entries: impl Iterator<Item = String>,
        call: &'static Location<'static>,
        problems: &mut Problems,
    ) {
        for entry in entries {
            if entry == "unix" {
                self.unix = true;
                continue;
            }
            match Network::parse(&entry) {
                Ok(network) => self.networks.push(network),
                Err(why) => {
                    let entry = entry.escape_debug();
                    let message = format!("`{entry}` in `App::trusted_proxies` cannot be a proxy: {why}");
                    problems.report(Place::of(call), None, message);
                }
            }
        }
    }

    /// Returns `true` if nobody is trusted.
    pub(crate) const fn is_empty(&self) -> bool {
        self.networks.is_empty() && !self.unix
    }

    /// Returns `true` if the peer is one of the proxies.
    pub(crate) fn trusts(&self, peer: &Peer) -> bool {
        match peer {
            Peer::Tcp(address) => self.trusts_address(*address),
            #[cfg(unix)]
            Peer::Unix(_) => self.unix,
            Peer::Other => false,
        }
    }

    /// Returns `true` if the headers name a client, which does not count since their sender is not one of the proxies.
    pub(crate) fn ignores(&self, sender: Option<SocketAddr>, headers: &HeaderMap) -> bool {
        let is_named = || headers.contains_key(X_FORWARDED_FOR) || headers.contains_key(header::FORWARDED);
        sender.is_some_and(|sender| !self.trusts_address(sender)) && is_named()
    }

    fn trusts_address(&self, address: SocketAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address.ip()))
    }

    /// Sets the client that the proxies name as the peer of the request, and returns what else they say. Headers count only
    /// if a trusted proxy has sent them.
    pub(crate) fn read(&self, parts: &mut Parts) -> Told {
        if self.is_empty() {
            return Told::default();
        }
        let introduced = parts.extensions.remove::<Introduced>();
        let peer = Peer::of_request(parts);
        if matches!(peer, Peer::Other) {
            let is_first = self.unknown.is_first(|more| {
                log::warn!(
                    more,
                    "more requests came from unknown senders, none of which is trusted"
                );
            });
            log::warn_first!(
                is_first,
                "`App::trusted_proxies` trusts nobody here, since the server does not know the sender of the request: serve the router by `into_make_service_with_connect_info::<SocketAddr>()`"
            );
        }
        let mut told = Told {
            proxy: introduced.filter(|introduced| introduced.is_named).and_then(|by| by.by),
            ..Told::default()
        };
        // The headers of an unnamed client may be its own.
        if introduced.is_some_and(|introduced| !introduced.is_named) || !self.trusts(&peer) {
            return told;
        }
        let nearest = peer.address();
        let claims = self.claims(&parts.headers, nearest);
        if let Some(Client(Some(client))) = claims.client
            && Some(client) != nearest
        {
            told.proxy = told.proxy.or(nearest);
            parts.extensions.insert(ConnectInfo(client));
        }
        Told {
            host: claims.host,
            scheme: claims.scheme,
            is_by_proxy: true,
            ..told
        }
    }

    /// Returns what both kinds of headers say. If they contradict each other about one thing, one of them may come from the
    /// client, so neither counts for anything.
    fn claims(&self, headers: &HeaderMap, nearest: Option<SocketAddr>) -> Claims {
        let trusts = |address| self.trusts_address(address);
        let standard = forwarded::claims(headers, nearest, trusts);
        let usual = x_forwarded::claims(headers, nearest, trusts);
        let client = agreed(standard.client, usual.client, Client::eq);
        let host = agreed(standard.host, usual.host, |one, other| one.eq_ignore_ascii_case(other));
        let scheme = agreed(standard.scheme, usual.scheme, Scheme::eq);
        if let (Ok(client), Ok(host), Ok(scheme)) = (client, host, scheme) {
            return Claims { client, host, scheme };
        }
        let is_first = self.contradictions.is_first(|more| {
            log::warn!(more, "more requests had headers of proxies that contradict each other");
        });
        let said = |name| {
            let value = headers.get(name)?;
            Some(tracing::field::display(printable(value.to_str().unwrap_or("…"))))
        };
        log::warn_first!(
            is_first,
            proxy = nearest.map(tracing::field::display),
            forwarded = said(header::FORWARDED),
            x_forwarded_for = said(X_FORWARDED_FOR),
            x_forwarded_host = said(X_FORWARDED_HOST),
            x_forwarded_proto = said(X_FORWARDED_PROTO),
            "`Forwarded` and `X-Forwarded-…` contradict each other, so neither counts: have the proxy remove the ones that it does not write"
        );
        Claims {
            client: Some(Client(nearest)),
            ..Claims::default()
        }
    }
}

#[cfg(test)]
mod tests;
