//! WebSockets over HTTP/2 (RFC 8441): a CONNECT request with a protocol in place of `Upgrade`.

use axum::http::{HeaderMap, HeaderValue, Method, Version, header, request::Parts};
use hyper::ext::Protocol;

use crate::{upgrade::refusal::Refusal, util::printable::printable};

/// Checks what a request over HTTP/2 asks for.
pub(super) fn check(parts: &Parts) -> Result<(), Refusal> {
    let protocol = parts
        .extensions
        .get::<Protocol>()
        .filter(|_| parts.method == Method::CONNECT);
    match protocol {
        Some(protocol) if protocol.as_str() == "websocket" => check_length(&parts.headers),
        Some(other) => Err(Refusal::NotImplemented(format!(
            "`:protocol` is \"{}\": this endpoint speaks `websocket`",
            printable(other.as_str())
        ))),
        None => Err("this is a WebSocket endpoint: connect with a WebSocket client (over HTTP/2, a WebSocket begins with a CONNECT request whose `:protocol` is `websocket`, see RFC 8441; `Upgrade` belongs to HTTP/1.1)".into()),
    }
}

/// Refuses a length: as soon as messages exceed it, the stream would be reset (RFC 9113 section 8.1.1).
fn check_length(headers: &HeaderMap) -> Result<(), Refusal> {
    if headers.contains_key(header::CONTENT_LENGTH) {
        return Err(
            "a WebSocket over HTTP/2 has no length, not even 0: remove `Content-Length`, since its messages follow on the stream".into(),
        );
    }
    Ok(())
}

/// Joins the cookies of a request. Over HTTP/2, each may come in a header field of its own, and handlers would see only the
/// first (RFC 9113 section 8.2.3).
pub(crate) fn join_cookies(version: Version, headers: &mut HeaderMap) {
    if version != Version::HTTP_2 || headers.get_all(header::COOKIE).iter().nth(1).is_none() {
        return;
    }
    let fields = headers.get_all(header::COOKIE);
    let is_sensitive = fields.iter().any(HeaderValue::is_sensitive);
    let fields: Vec<_> = fields.iter().map(HeaderValue::as_bytes).collect();
    if let Ok(mut joined) = HeaderValue::from_bytes(&fields.join(&b"; "[..])) {
        joined.set_sensitive(is_sensitive);
        headers.insert(header::COOKIE, joined);
    }
}

/// Refuses CONNECT over HTTP/1.1, where it asks for a tunnel of a proxy.
pub(super) fn check_method_of_http1(parts: &Parts) -> Result<(), Refusal> {
    if parts.method == Method::CONNECT {
        return Err(Refusal::MethodNotAllowed);
    }
    Ok(())
}
