//! The client's half of the opening handshake (RFC 6455 section 4.2.1, RFC 8441 section 5).

use axum::http::{HeaderMap, HeaderValue, Method, Version, header, request::Parts};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

#[cfg(feature = "http2")]
use crate::upgrade::http2;
use crate::{
    json_rpc::SUBPROTOCOL,
    upgrade::{
        authority::Authority,
        refusal::{Refusal, SUPPORTED_VERSION},
    },
    util::printable::printable,
};

/// The headers of a handshake, found in one pass.
#[derive(Debug, Default)]
struct Asked<'r> {
    has_body: bool,
    for_websocket: bool,
    for_upgrade: bool,
    host: Once<'r>,
    version: Once<'r>,
    key: Once<'r>,
}

/// A header that must appear exactly once (RFC 6455 section 4.2.1): a proxy could read another one than we do.
#[derive(Debug, Default)]
struct Once<'r> {
    last: Option<&'r HeaderValue>,
    count: usize,
}

impl<'r> Once<'r> {
    const fn see(&mut self, value: &'r HeaderValue) {
        self.last = Some(value);
        self.count += 1;
    }
}

impl<'r> Asked<'r> {
    fn by(headers: &'r HeaderMap) -> Self {
        let mut asked = Self::default();
        for (name, value) in headers {
            if *name == header::UPGRADE {
                asked.for_websocket |= has_token(value, "websocket");
            } else if *name == header::CONNECTION {
                asked.for_upgrade |= has_token(value, "upgrade");
            } else if *name == header::HOST {
                asked.host.see(value);
            } else if *name == header::SEC_WEBSOCKET_VERSION {
                asked.version.see(value);
            } else if *name == header::SEC_WEBSOCKET_KEY {
                asked.key.see(value);
            } else if *name == header::CONTENT_LENGTH {
                asked.has_body |= !is_zero(value.as_bytes());
            } else if *name == header::TRANSFER_ENCODING {
                asked.has_body = true;
            }
        }
        asked
    }
}

/// The answer that opens a WebSocket.
#[derive(Debug)]
pub(crate) enum Opening {
    /// 101, with this value of `Sec-WebSocket-Accept`.
    SwitchingProtocols(HeaderValue),
    /// 200, on a stream of HTTP/2 (RFC 8441 section 5).
    #[cfg(feature = "http2")]
    Ok,
}

/// Checks the request, and returns how its answer opens the WebSocket.
pub(super) fn check(parts: &Parts) -> Result<Opening, Refusal> {
    let asked = Asked::by(&parts.headers);
    #[cfg(feature = "http2")]
    if parts.version == Version::HTTP_2 {
        http2::check(parts)?;
        check_once("Host", &asked.host)?;
        check_once("Sec-WebSocket-Version", &asked.version)?;
        check_version(asked.version.last)?;
        return Ok(Opening::Ok);
    }
    #[cfg(feature = "http2")]
    http2::check_method_of_http1(parts)?;
    if asked.has_body {
        return Err(Refusal::HasBody);
    }
    if !asked.for_websocket {
        return Err(
            "this is a WebSocket endpoint: connect with a WebSocket client (the request has no `Upgrade: websocket`)"
                .into(),
        );
    }
    if !asked.for_upgrade {
        return Err(
            "the request has `Upgrade: websocket` but not `Connection: Upgrade`; a proxy may have removed it".into(),
        );
    }
    if parts.method != Method::GET || parts.version < Version::HTTP_11 {
        return Err("a WebSocket upgrade is a GET request of HTTP/1.1".into());
    }
    check_once("Host", &asked.host)?;
    check_once("Sec-WebSocket-Version", &asked.version)?;
    check_once("Sec-WebSocket-Key", &asked.key)?;
    check_version(asked.version.last)?;
    let key = asked.key.last.map(HeaderValue::as_bytes).unwrap_or_default();
    if !is_nonce(key) {
        return Err("`Sec-WebSocket-Key` is missing or is not 16 bytes in base64".into());
    }
    let accept_key = HeaderValue::try_from(derive_accept_key(key)).map_err(|_| Refusal::Failed)?;
    Ok(Opening::SwitchingProtocols(accept_key))
}

/// Returns the host and port of the request. A host in the target wins over `Host` (RFC 9112 section 3.2.2), and one that a
/// trusted proxy has named, over both.
pub(super) fn host(parts: &Parts, told: Option<&str>) -> Result<Authority, Refusal> {
    let parse = |host: &str| {
        Authority::parse(host).map_err(|why| Refusal::from(format!("`Host` is `{}`, but {why}", printable(host))))
    };
    if let Some(host) = told {
        return Authority::parse(host)
            .map_err(|why| format!("the proxy says that the host is `{}`, but {why}", printable(host)).into());
    }
    let header = parts.headers.get(header::HOST).map(|host| match host.to_str() {
        Ok(host) => parse(host),
        Err(_) => Err("`Host` is not visible ASCII".into()),
    });
    let header = header.transpose()?;
    let target = parts.uri.authority().map(|authority| parse(authority.as_str()));
    target.transpose()?.or(header).ok_or_else(|| "`Host` is missing".into())
}

/// Chooses the first subprotocol that the client offers and the app knows, or that of the endpoint's calls.
pub(super) fn subprotocol(
    headers: &HeaderMap,
    known: &[HeaderValue],
    has_calls: bool,
) -> Result<Option<HeaderValue>, Refusal> {
    static CALLS: HeaderValue = HeaderValue::from_static(SUBPROTOCOL);

    if !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL) {
        return Ok(None);
    }
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    // An element may be empty (RFC 9110 section 5.6.1.2), but not the whole list.
    let names = || {
        let elements = offers
            .iter()
            .flat_map(|offer| offer.as_bytes().split(|byte| *byte == b','));
        elements.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
    };
    if names().next().is_none() || !names().all(is_token) {
        return Err(
            "`Sec-WebSocket-Protocol` is malformed: expected names of visible ASCII, separated by commas".into(),
        );
    }
    let of_calls = has_calls.then_some(&CALLS);
    let known = |name: &[u8]| known.iter().chain(of_calls).find(|known| known.as_bytes() == name);
    Ok(names().find_map(known).cloned())
}

/// A token of RFC 9110 section 5.6.2.
pub(crate) fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

fn check_once(name: &str, seen: &Once<'_>) -> Result<(), Refusal> {
    if seen.count > 1 {
        let count = seen.count;
        return Err(format!("`{name}` appears {count} times: expected once").into());
    }
    Ok(())
}

fn is_zero(length: &[u8]) -> bool {
    !length.is_empty() && length.iter().all(|digit| *digit == b'0')
}

fn check_version(version: Option<&HeaderValue>) -> Result<(), Refusal> {
    let Some(version) = version else {
        return Err("`Sec-WebSocket-Version` is missing: expected 13".into());
    };
    match version.to_str() {
        _ if version == SUPPORTED_VERSION => Ok(()),
        Ok(other) if !other.is_empty() => Err(Refusal::UpgradeRequired(format!(
            "WebSocket version \"{}\" is not supported: this server speaks 13",
            printable(other)
        ))),
        _ => Err("`Sec-WebSocket-Version` is malformed: expected 13".into()),
    }
}

/// 16 bytes are 22 digits of base64 and two of padding; the last digit carries two bits.
fn is_nonce(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_digit)
}

fn has_token(value: &HeaderValue, token: &str) -> bool {
    let has_it = |value: &str| value.split(',').any(|part| part.trim().eq_ignore_ascii_case(token));
    // In most requests the token is the whole value.
    value.as_bytes().eq_ignore_ascii_case(token.as_bytes()) || value.to_str().is_ok_and(has_it)
}
