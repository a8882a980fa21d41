//! The address of a hop, as proxies write it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// Parses an element of `X-Forwarded-For`, for which there is no standard: an address, with a port if the proxy adds one.
/// The port is 0 if there is none.
pub(super) fn in_list(element: &[u8]) -> Option<SocketAddr> {
    let element = str::from_utf8(element).ok()?;
    let bare: Option<Ipv6Addr> = element.parse().ok();
    bare.map_or_else(|| in_forwarded(element), |address| Some(with_port(address.into(), 0)))
}

/// Parses the value of `for` (RFC 7239 section 6). Returns `None` also for `unknown` and for an obfuscated name.
pub(super) fn in_forwarded(node: &str) -> Option<SocketAddr> {
    let (address, rest): (IpAddr, _) = if let Some(node) = node.strip_prefix('[') {
        let (address, rest) = node.split_once(']')?;
        (address.parse::<Ipv6Addr>().ok()?.into(), rest)
    } else {
        let end = node.find(':').unwrap_or(node.len());
        let (address, rest) = node.split_at(end);
        (IpAddr::V4(address.parse().ok()?), rest)
    };
    let port = match rest.strip_prefix(':') {
        None if rest.is_empty() => 0,
        Some(port) => parse_port(port)?,
        None => return None,
    };
    Some(with_port(address, port))
}

/// A port may be obfuscated: `_` and a name.
fn parse_port(text: &str) -> Option<u16> {
    if let Some(name) = text.strip_prefix('_') {
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        return (!name.is_empty() && name.bytes().all(is_name)).then_some(0);
    }
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

/// IPv4 that is mapped to IPv6 is IPv4.
fn with_port(address: IpAddr, port: u16) -> SocketAddr {
    SocketAddr::new(address.to_canonical(), port)
}
