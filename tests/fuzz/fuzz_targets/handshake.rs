//! Proves that any request gets an answer, which is 101 for a valid handshake and 4xx for any other.
//!
//! An input is a request in lines: method, target and version, then headers.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use robyn_ws::{
    App, Origins,
    axum::{
        body::{Body, to_bytes},
        http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Version, header},
    },
    websocket,
};
use robyn_ws_fuzz::{SharedApp, build, is_valid_host, run};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tower::ServiceExt as _;

#[websocket("/chat", on = "message")]
fn chat() {}

const KNOWN: [&str; 2] = ["chat", "superchat"];

static APP: SharedApp = LazyLock::new(|| {
    build(
        App::new()
            .origins(Origins::list(["https://example.com"]))
            .subprotocols(KNOWN),
    )
});

fuzz_target!(|input: &[u8]| {
    let Some(mut request) = parse(input) else { return };
    let expected = expected(&request);
    let is_undecided = hosts(&request).any(|host| is_valid_host(host).is_none());
    // What hyper leaves there for a connection that can be upgraded; this one never is.
    let on_upgrade = hyper::upgrade::on(&mut request);
    request.extensions_mut().insert(on_upgrade);
    let key = request.headers().get(header::SEC_WEBSOCKET_KEY).cloned();
    run(&APP.hub, async {
        let Ok(response) = APP.router.clone().oneshot(request).await;
        let (status, headers) = (response.status(), response.headers().clone());
        if is_undecided {
            assert!(
                status == StatusCode::SWITCHING_PROTOCOLS || status.is_client_error(),
                "{status}"
            );
            return;
        }
        let Some(Chosen(subprotocol)) = expected else {
            assert!(status.is_client_error(), "{status} for an invalid handshake");
            let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
            assert!(status != StatusCode::BAD_REQUEST || !body.is_empty(), "a 400 says why");
            return;
        };
        assert_eq!(status, StatusCode::SWITCHING_PROTOCOLS, "for a valid handshake");
        let key = key.expect("a valid handshake has a key");
        assert_eq!(headers[header::SEC_WEBSOCKET_ACCEPT], derive_accept_key(key.as_bytes()));
        let chosen = headers.get(header::SEC_WEBSOCKET_PROTOCOL);
        assert_eq!(chosen.map(HeaderValue::as_bytes), subprotocol.map(str::as_bytes));
    });
});

/// Gives `None` for what no HTTP server would pass on.
fn parse(input: &[u8]) -> Option<Request<Body>> {
    let mut lines = input.split(|byte| *byte == b'\n');
    let mut words = lines.next()?.split(|byte| *byte == b' ');
    let mut request = Request::new(Body::empty());
    *request.method_mut() = Method::from_bytes(words.next()?).ok()?;
    *request.uri_mut() = words.next()?.try_into().ok()?;
    if words.next() == Some(b"HTTP/1.0") {
        *request.version_mut() = Version::HTTP_10;
    }
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        request.headers_mut().try_append(name, value).ok()?;
    }
    Some(request)
}

/// Says what is chosen in a valid handshake (RFC 6455 section 4.2.1), and `None` for any other.
fn expected(request: &Request<Body>) -> Option<Chosen> {
    let headers = request.headers();
    let first = |name| headers.get(name).map(HeaderValue::as_bytes);
    let at_most_once = |name| headers.get_all(name).iter().count() <= 1;
    let valid = request.method() == Method::GET
        && request.uri().path() == "/chat"
        && request
            .uri()
            .path_and_query()
            .is_some_and(|target| target.as_str().len() <= 8192)
        && request.version() == Version::HTTP_11
        && words(headers, header::UPGRADE).any(|word| word.eq_ignore_ascii_case(b"websocket"))
        && words(headers, header::CONNECTION).any(|word| word.eq_ignore_ascii_case(b"upgrade"))
        && [
            header::HOST,
            header::ORIGIN,
            header::SEC_WEBSOCKET_KEY,
            header::SEC_WEBSOCKET_VERSION,
        ]
        .into_iter()
        .all(at_most_once)
        && hosts(request).next().is_some()
        && hosts(request).all(|host| is_valid_host(host) == Some(true))
        && headers
            .get_all(header::CONTENT_LENGTH)
            .iter()
            .all(|length| is_zero(length.as_bytes()))
        && !headers.contains_key(header::TRANSFER_ENCODING)
        && first(header::SEC_WEBSOCKET_VERSION) == Some(b"13")
        && first(header::SEC_WEBSOCKET_KEY).is_some_and(is_nonce)
        && first(header::ORIGIN).is_none_or(is_allowed);
    let offered: Vec<&[u8]> = headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|name| !name.is_empty())
        .collect();
    let has_names = !offered.is_empty() || !headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    let known = |name: &&[u8]| KNOWN.into_iter().find(|known| known.as_bytes() == *name);
    (valid && has_names && offered.iter().all(is_token)).then(|| Chosen(offered.iter().find_map(known)))
}

/// The hosts that the request names, in its target and in `Host`.
fn hosts(request: &Request<Body>) -> impl Iterator<Item = &[u8]> {
    let target = request.uri().authority().map(|authority| authority.as_str().as_bytes());
    let headers = request.headers().get_all(header::HOST).into_iter();
    target.into_iter().chain(headers.map(HeaderValue::as_bytes))
}

fn is_zero(length: &[u8]) -> bool {
    !length.is_empty() && length.iter().all(|digit| *digit == b'0')
}

/// The words of a list in visible ASCII.
fn words(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(name).into_iter().filter(|value| value.to_str().is_ok());
    values
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
}

/// The subprotocol, if there is one.
struct Chosen(Option<&'static str>);

/// A header's name is a token as well (RFC 9110 section 5.1).
fn is_token(name: &&[u8]) -> bool {
    HeaderName::from_bytes(name).is_ok()
}

/// 16 bytes in base64.
fn is_nonce(key: &[u8]) -> bool {
    let digits = key.strip_suffix(b"==").unwrap_or_default();
    digits.len() == 22
        && digits
            .iter()
            .all(|digit| digit.is_ascii_alphanumeric() || b"+/".contains(digit))
}

fn is_allowed(origin: &[u8]) -> bool {
    let origin = origin.to_ascii_lowercase();
    origin == b"https://example.com" || origin == b"https://example.com:443"
}
