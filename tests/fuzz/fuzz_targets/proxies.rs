//! Proves that a request with any headers of proxies is answered, that only a trusted proxy is believed, and that a client
//! cannot choose its address in front of an honest proxy.
//!
//! An input is one choice, then headers in lines: `f` or `x`, and a value of `Forwarded` or of `X-Forwarded-For`.

#![no_main]

use std::{net::SocketAddr, sync::LazyLock};

use libfuzzer_sys::fuzz_target;
use robyn_ws::{
    App,
    axum::{
        Router,
        body::{Body, to_bytes},
        extract::ConnectInfo,
        http::{HeaderMap, HeaderName, HeaderValue, Request, header},
        routing::get,
    },
};
use robyn_ws_fuzz::{SharedApp, build, run};
use tower::ServiceExt as _;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const PROXY: &str = "10.0.0.1:1";
const STRANGER: &str = "11.0.0.1:1";
/// The address that the honest proxy names.
const CLIENT: &str = "192.0.2.7";

static APP: SharedApp = LazyLock::new(|| {
    let who = async |info: ConnectInfo<SocketAddr>| info.0.to_string();
    build(
        App::new()
            .trusted_proxies(["10.0.0.0/8", "2001:db8::/32"])
            .http(Router::new().route("/who", get(who))),
    )
});

fuzz_target!(|input: &[u8]| {
    let Some((choice, lines)) = input.split_first() else {
        return;
    };
    let Some(headers) = parse(lines) else { return };
    run(&APP.hub, async {
        assert_eq!(ask(STRANGER, headers.clone()).await.to_string(), STRANGER);
        ask(PROXY, headers.clone()).await;
        let client = ask(PROXY, honest(headers, choice % 2 == 0)).await;
        assert_eq!(client.ip().to_string(), CLIENT);
    });
});

/// Gives `None` for what no HTTP server would pass on.
fn parse(lines: &[u8]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for line in lines.split(|byte| *byte == b'\n') {
        let (kind, value) = line.split_first()?;
        let name = if *kind == b'f' {
            header::FORWARDED
        } else {
            X_FORWARDED_FOR
        };
        headers.append(name, HeaderValue::from_bytes(value.trim_ascii()).ok()?);
    }
    Some(headers)
}

/// What a proxy makes of the headers that appends to one of them, and removes the other.
fn honest(mut headers: HeaderMap, is_standard: bool) -> HeaderMap {
    let (own, other) = if is_standard {
        (header::FORWARDED, X_FORWARDED_FOR)
    } else {
        (X_FORWARDED_FOR, header::FORWARDED)
    };
    headers.remove(other);
    let value = if is_standard {
        format!("for={CLIENT}")
    } else {
        CLIENT.to_owned()
    };
    headers.append(own, value.parse().expect("a value"));
    headers
}

/// Returns the address of the client, as a handler sees it.
async fn ask(peer: &str, headers: HeaderMap) -> SocketAddr {
    let mut request = Request::get("/who").body(Body::empty()).expect("a request");
    *request.headers_mut() = headers;
    let peer: SocketAddr = peer.parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(peer));
    let Ok(response) = APP.router.clone().oneshot(request).await;
    let body = to_bytes(response.into_body(), usize::MAX).await.expect("a body");
    let address = std::str::from_utf8(&body).expect("a text");
    address.parse().expect("an address")
}
