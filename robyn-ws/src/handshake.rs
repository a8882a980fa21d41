//! The client's half of the opening handshake (RFC 6455 section 4.2.1), checked before anything else is done.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts},
    response::{IntoResponse, Response},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{authority::Authority, printable::printable};

const SUPPORTED_VERSION: HeaderValue = HeaderValue::from_static("13");

/// Checks the request and gives the value for `Sec-WebSocket-Accept`, or the answer that says what is wrong.
pub(crate) fn check(parts: &Parts) -> Result<HeaderValue, Response> {
    let headers = &parts.headers;
    check_no_body(headers)?;
    if !has_token(headers, &header::UPGRADE, "websocket") {
        return Err(refuse(
            "this is a WebSocket endpoint: connect with a WebSocket client (the request has no `Upgrade: websocket`)",
        ));
    }
    if !has_token(headers, &header::CONNECTION, "upgrade") {
        return Err(refuse(
            "the request has `Upgrade: websocket` but not `Connection: Upgrade`; a proxy may have removed it",
        ));
    }
    if parts.method != Method::GET || parts.version < Version::HTTP_11 {
        return Err(refuse("a WebSocket upgrade is a GET request of HTTP/1.1"));
    }
    check_once(parts)?;
    check_version(headers)?;
    let key = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .map(HeaderValue::as_bytes)
        .unwrap_or_default();
    if !is_nonce(key) {
        return Err(refuse("`Sec-WebSocket-Key` is missing or is not 16 bytes in base64"));
    }
    HeaderValue::try_from(derive_accept_key(key)).map_err(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

/// Returns the host and port that the request goes to. The target wins over `Host` where it names one (RFC 9112 section
/// 3.2.2).
pub(crate) fn host(parts: &Parts) -> Result<Authority, Response> {
    let parse = |host: &str| {
        Authority::parse(host).map_err(|why| refuse(&format!("`Host` is `{}`, but {why}", printable(host))))
    };
    let header = parts.headers.get(header::HOST).map(|host| match host.to_str() {
        Ok(host) => parse(host),
        Err(_) => Err(refuse("`Host` is not visible ASCII")),
    });
    let header = header.transpose()?;
    let target = parts.uri.authority().map(|authority| parse(authority.as_str()));
    target
        .transpose()?
        .or(header)
        .ok_or_else(|| refuse("`Host` is missing"))
}

/// Chooses the first subprotocol that the client offers and the app knows.
pub(crate) fn subprotocol(headers: &HeaderMap, known: &[HeaderValue]) -> Result<Option<HeaderValue>, Response> {
    let offers = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL);
    // An element may be empty (RFC 9110 section 5.6.1.2), but not the whole list.
    let names = || {
        let elements = offers
            .iter()
            .flat_map(|offer| offer.as_bytes().split(|byte| *byte == b','));
        elements.map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
    };
    let has_names = names().next().is_some() || offers.iter().next().is_none();
    if !has_names || !names().all(is_token) {
        return Err(refuse(
            "`Sec-WebSocket-Protocol` is malformed: expected names of visible ASCII, separated by commas",
        ));
    }
    let known = |name: &[u8]| known.iter().find(|known| known.as_bytes() == name);
    Ok(names().find_map(known).cloned())
}

/// Returns the answer to a request that would have to ask for another protocol (RFC 9110 section 15.5.22).
pub(crate) fn upgrade_required(why: &str) -> Response {
    let headers = [
        (header::UPGRADE, HeaderValue::from_static("websocket")),
        (header::CONNECTION, HeaderValue::from_static("upgrade")),
        (header::SEC_WEBSOCKET_VERSION, SUPPORTED_VERSION),
    ];
    (StatusCode::UPGRADE_REQUIRED, headers, format!("{why}\n")).into_response()
}

/// A token of RFC 9110 section 5.6.2.
pub(crate) fn is_token(name: &[u8]) -> bool {
    !name.is_empty()
        && name
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte))
}

/// What RFC 6455 section 4.2.1 wants exactly once, and two readers could read differently otherwise.
fn check_once(parts: &Parts) -> Result<(), Response> {
    for (name, seen) in [
        ("Host", header::HOST),
        ("Sec-WebSocket-Version", header::SEC_WEBSOCKET_VERSION),
        ("Sec-WebSocket-Key", header::SEC_WEBSOCKET_KEY),
    ] {
        let count = parts.headers.get_all(seen).iter().count();
        if count > 1 {
            return Err(refuse(&format!("`{name}` is there {count} times: expected once")));
        }
    }
    Ok(())
}

/// The bytes of a body would be the first of the WebSocket, or not, depending on what has arrived already.
fn check_no_body(headers: &HeaderMap) -> Result<(), Response> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    if headers.contains_key(header::TRANSFER_ENCODING) || lengths.any(|length| !is_zero(length.as_bytes())) {
        let why = "a WebSocket upgrade has no body: remove `Content-Length` and `Transfer-Encoding`";
        return Err(([(header::CONNECTION, "close")], refuse(why)).into_response());
    }
    Ok(())
}

fn is_zero(length: &[u8]) -> bool {
    !length.is_empty() && length.iter().all(|digit| *digit == b'0')
}

fn check_version(headers: &HeaderMap) -> Result<(), Response> {
    let Some(version) = headers.get(header::SEC_WEBSOCKET_VERSION) else {
        return Err(refuse("`Sec-WebSocket-Version` is missing: expected 13"));
    };
    match version.to_str() {
        _ if version == SUPPORTED_VERSION => Ok(()),
        Ok(other) if !other.is_empty() => Err(upgrade_required(&format!(
            "WebSocket version \"{}\" is not supported: this server speaks 13",
            printable(other)
        ))),
        _ => Err(refuse("`Sec-WebSocket-Version` is malformed: expected 13")),
    }
}

/// 16 bytes are 22 digits of base64 and two of padding; the last digit carries two bits.
fn is_nonce(key: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.len() == 24 && key.ends_with(b"==") && key[..22].iter().all(is_digit)
}

fn has_token(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|part| part.trim().eq_ignore_ascii_case(token))
}

fn refuse(why: &str) -> Response {
    (StatusCode::BAD_REQUEST, format!("{why}\n")).into_response()
}
