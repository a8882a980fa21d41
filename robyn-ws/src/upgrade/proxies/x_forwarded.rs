//! The headers `X-Forwarded-For`, `X-Forwarded-Host` and `X-Forwarded-Proto`.

use std::net::SocketAddr;

use axum::http::{HeaderMap, HeaderName};

use crate::{
    types::scheme::Scheme,
    upgrade::proxies::{
        claims::{Claims, Client},
        node,
    },
};

pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
pub(super) const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
pub(super) const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Returns what the headers say. Of several hosts and schemes the last one counts, which the nearest proxy has written.
pub(super) fn claims(headers: &HeaderMap, nearest: Option<SocketAddr>, trusts: impl Fn(SocketAddr) -> bool) -> Claims {
    let mut hops = elements(headers, X_FORWARDED_FOR).map(node::in_list).peekable();
    let last = |name| elements(headers, name).next().map(String::from_utf8_lossy);
    Claims {
        client: hops.peek().is_some().then(|| Client(client(nearest, hops, trusts))),
        host: last(X_FORWARDED_HOST).map(Into::into),
        scheme: last(X_FORWARDED_PROTO).and_then(|name| Scheme::of_proxy(&name)),
    }
}

/// Returns the first untrusted address on the way from the nearest proxy to the client. The way ends at a hop without a
/// readable address; the address before it counts then.
fn client(
    nearest: Option<SocketAddr>,
    hops: impl Iterator<Item = Option<SocketAddr>>,
    trusts: impl Fn(SocketAddr) -> bool,
) -> Option<SocketAddr> {
    let mut client = nearest;
    for address in hops.map_while(|hop| hop) {
        client = Some(address);
        if !trusts(address) {
            break;
        }
    }
    client
}

/// Returns the elements of a list, the last one first. Empty ones are left out (RFC 9110 section 5.6.1.2).
fn elements(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let lines = headers.get_all(name).into_iter().rev();
    let elements = lines.flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty())
}
