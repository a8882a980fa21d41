//! WebSockets over HTTP/2 (RFC 8441): a CONNECT request with a protocol in place of `Upgrade`.

use axum::http::{Method, request::Parts};
use hyper::ext::Protocol;

use crate::{upgrade::refusal::Refusal, util::printable::printable};

/// Checks what a request over HTTP/2 asks for.
pub(super) fn check(parts: &Parts) -> Result<(), Refusal> {
    let protocol = parts
        .extensions
        .get::<Protocol>()
        .filter(|_| parts.method == Method::CONNECT);
    match protocol {
        Some(protocol) if protocol.as_str() == "websocket" => Ok(()),
        Some(other) => Err(Refusal::NotImplemented(format!(
            "`:protocol` is \"{}\": this endpoint speaks `websocket`",
            printable(other.as_str())
        ))),
        None => Err("this is a WebSocket endpoint: connect with a WebSocket client (over HTTP/2, a WebSocket begins with a CONNECT request whose `:protocol` is `websocket`, see RFC 8441; `Upgrade` belongs to HTTP/1.1)".into()),
    }
}

/// Refuses CONNECT over HTTP/1.1, where it asks for a tunnel of a proxy.
pub(super) fn check_method_of_http1(parts: &Parts) -> Result<(), Refusal> {
    if parts.method == Method::CONNECT {
        return Err(Refusal::MethodNotAllowed);
    }
    Ok(())
}
