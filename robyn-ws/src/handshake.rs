//! The client's half of the opening handshake (RFC 6455 section 4.2.1), checked before anything else is done.

use axum::{
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header, request::Parts},
    response::{IntoResponse, Response},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

/// Checks the request and gives the value for `Sec-WebSocket-Accept`, or the answer that says what is wrong.
pub(crate) fn check(parts: &Parts) -> Result<HeaderValue, Response> {
    let headers = &parts.headers;
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

/// Chooses the first subprotocol that the client offers and the app knows.
pub(crate) fn subprotocol(headers: &HeaderMap, known: &[HeaderValue]) -> Result<Option<HeaderValue>, Response> {
    let mut chosen = None;
    for offered in headers.get_all(header::SEC_WEBSOCKET_PROTOCOL) {
        for name in offered.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if !is_token(name) {
                return Err(refuse(
                    "`Sec-WebSocket-Protocol` is malformed: expected names of visible ASCII, separated by commas",
                ));
            }
            if chosen.is_none() {
                chosen = known.iter().find(|known| known.as_bytes() == name).cloned();
            }
        }
    }
    Ok(chosen)
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
    if !parts.headers.contains_key(header::HOST) && parts.uri.authority().is_none() {
        return Err(refuse("`Host` is missing"));
    }
    Ok(())
}

fn check_version(headers: &HeaderMap) -> Result<(), Response> {
    const SUPPORTED: HeaderValue = HeaderValue::from_static("13");
    match headers.get(header::SEC_WEBSOCKET_VERSION) {
        Some(version) if version == SUPPORTED => Ok(()),
        Some(version) if !version.is_empty() && version.to_str().is_ok() => {
            let body = format!("WebSocket version {version:?} is not supported: this server speaks 13\n");
            Err((
                StatusCode::UPGRADE_REQUIRED,
                [(header::SEC_WEBSOCKET_VERSION, SUPPORTED)],
                body,
            )
                .into_response())
        }
        _ => Err(refuse("`Sec-WebSocket-Version` is missing or malformed: expected 13")),
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
