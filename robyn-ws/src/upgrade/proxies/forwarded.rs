//! The header `Forwarded` (RFC 7239).

use std::{borrow::Cow, net::SocketAddr};

use axum::http::{HeaderMap, header};

use crate::{
    types::scheme::Scheme,
    upgrade::{
        handshake::is_token,
        proxies::{
            claims::{Claims, Client},
            node,
        },
    },
};

/// The parameters of one hop that count.
#[derive(Debug, Default)]
struct Hop<'h> {
    address: Option<Cow<'h, [u8]>>,
    host: Option<Cow<'h, [u8]>>,
    scheme: Option<Cow<'h, [u8]>>,
}

/// Returns what the header says. Host and scheme are those of the outermost trusted proxy that names them.
pub(super) fn claims(headers: &HeaderMap, nearest: Option<SocketAddr>, trusts: impl Fn(SocketAddr) -> bool) -> Claims {
    let mut claims = Claims::default();
    let lines = headers.get_all(header::FORWARDED).into_iter().rev();
    for hop in lines.flat_map(|line| hops(line.as_bytes())) {
        let Some(hop) = hop else {
            claims.client.get_or_insert(Client(nearest));
            break;
        };
        claims.host = hop.host.map(|host| text(&host)).or(claims.host);
        claims.scheme = hop
            .scheme
            .and_then(|name| Scheme::of_proxy(&text(&name)))
            .or(claims.scheme);
        let Some(address) = hop.address else { break };
        let Some(address) = node::in_forwarded(&text(&address)) else {
            claims.client.get_or_insert(Client(nearest));
            break;
        };
        claims.client = Some(Client(Some(address)));
        if !trusts(address) {
            break;
        }
    }
    claims
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// Returns the hops of a line, the last one first; `None` for a malformed one. A quoted string without an end could hide the
/// elements behind it, so the whole line is one malformed hop then.
fn hops(line: &[u8]) -> impl Iterator<Item = Option<Hop<'_>>> {
    let elements = split(line, b',');
    let malformed = elements.is_none().then_some(None);
    let elements = elements.unwrap_or_default().into_iter().rev();
    let elements = elements.map(<[u8]>::trim_ascii).filter(|element| !element.is_empty());
    malformed.into_iter().chain(elements.map(Hop::parse))
}

/// Splits a text at the separators outside of quoted strings, or returns `None` if such a string has no end.
fn split(text: &[u8], separator: u8) -> Option<Vec<&[u8]>> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    let parts = text.split(|&byte| {
        if is_escaped {
            is_escaped = false;
        } else if byte == b'"' {
            is_quoted = !is_quoted;
        } else if is_quoted {
            is_escaped = byte == b'\\';
        } else {
            return byte == separator;
        }
        false
    });
    let parts = parts.collect();
    (!is_quoted).then_some(parts)
}

impl<'h> Hop<'h> {
    /// Parses `for=192.0.2.1;proto=https`. Returns `None` if it is malformed, or names a parameter twice.
    fn parse(element: &'h [u8]) -> Option<Self> {
        let mut hop = Self::default();
        for pair in split(element, b';')?.into_iter().map(<[u8]>::trim_ascii) {
            if pair.is_empty() {
                continue;
            }
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = (&pair[..equals], unquoted(&pair[equals + 1..])?);
            let slot = match name.to_ascii_lowercase().as_slice() {
                b"for" => &mut hop.address,
                b"host" => &mut hop.host,
                b"proto" => &mut hop.scheme,
                name if is_token(name) => continue,
                _ => return None,
            };
            if slot.replace(value).is_some() {
                return None;
            }
        }
        Some(hop)
    }
}

/// Returns the value of a token or a quoted string (RFC 9110 section 5.6.4).
fn unquoted(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let Some(quoted) = value.strip_prefix(b"\"") else {
        return is_token(value).then_some(Cow::Borrowed(value));
    };
    let quoted = quoted.strip_suffix(b"\"")?;
    let (mut plain, mut is_escaped) = (Vec::with_capacity(quoted.len()), false);
    for &byte in quoted {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => {
                is_escaped = true;
                continue;
            }
            b'"' => return None,
            _ => {}
        }
        plain.push(byte);
    }
    (!is_escaped).then_some(Cow::Owned(plain))
}
