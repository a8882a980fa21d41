//! Cookies over HTTP/2, where each may come in a header field of its own (RFC 9113 section 8.2.3).

use std::convert::Infallible;

use robyn_ws::{
    axum::{
        Router,
        extract::FromRequestParts,
        http::{self, HeaderMap, header, request::Parts},
        routing::get,
    },
    prelude::*,
};
use robyn_ws_tests::{Http2, Probe, Request, Seen, Server, Transport, probe, within};
use tokio::io::{AsyncRead, AsyncReadExt};

use crate::edge::{EDGE, app};

/// The cookies of a request, as most code reads them: from the first field.
struct Cookies(String);

impl Cookies {
    fn of(headers: &HeaderMap) -> Self {
        let first = headers.get(header::COOKIE).map(|value| value.to_str());
        Self(
            first
                .transpose()
                .expect("cookies are text")
                .unwrap_or("none")
                .to_owned(),
        )
    }
}

impl<S: Sync> FromRequestParts<S> for Cookies {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

#[websocket("/cookies", on = "upgrade", router = EDGE)]
fn upgrade(Cookies(cookies): Cookies, probe: Global<Probe>) {
    probe.note(cookies);
}

#[websocket("/cookies", on = "connect", router = EDGE)]
fn connect(headers: &HeaderMap) -> String {
    Cookies::of(headers).0
}

async fn start(transport: Transport) -> (Server, Seen) {
    let (probe, seen) = probe();
    let page = get(|Cookies(cookies): Cookies| async { cookies });
    let app = app(probe).http(Router::new().route("/edge/page_of_cookies", page));
    (Server::start_encrypted(app, |router| router, transport).await, seen)
}

async fn expect_text(stream: &mut (impl AsyncRead + Unpin), expected: &[u8]) {
    let mut text = vec![0; expected.len()];
    within("the text", stream.read_exact(&mut text))
        .await
        .expect("it is open");
    assert_eq!(text, expected, "{}", String::from_utf8_lossy(&text));
}

#[tokio::test]
async fn cookies_in_header_fields_of_their_own_are_seen_as_one() {
    let (server, mut seen) = start(Transport::Http2).await;
    let http2 = server.http2().await;
    for (fields, joined) in [
        (&["a=1", "b=2", "c=3; d=4"][..], "a=1; b=2; c=3; d=4"),
        (&["a=1; b=2"], "a=1; b=2"),
        (&[], "none"),
    ] {
        let with_cookies = |mut request: http::request::Builder| {
            for field in fields {
                request = request.header("cookie", *field);
            }
            request
        };
        let upgrade = with_cookies(Http2::connect("/edge/cookies"));
        let (answer, mut stream) = http2.send(upgrade).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        seen.expect(joined).await;
        let length = u8::try_from(joined.len()).expect("it is short");
        expect_text(&mut stream, &[&[0x81, length], joined.as_bytes()].concat()).await;

        let page = with_cookies(http::Request::builder().uri("https://localhost/edge/page_of_cookies"));
        let (answer, mut stream) = http2.send_with(page, true).await.expect("an answer");
        assert_eq!(answer.status(), 200);
        expect_text(&mut stream, joined.as_bytes()).await;
    }
}

#[tokio::test]
async fn second_cookie_field_over_http1_is_left_alone() {
    let (server, mut seen) = start(Transport::Tls).await;
    let with_cookies = |request: Request| request.header("cookie", "a=1").header("cookie", "b=2");
    let upgrade = with_cookies(Request::upgrade("/edge/cookies"));
    upgrade.connect(&server).await.expect_texts(&["a=1"]).await;
    seen.expect("a=1").await;
    let page = with_cookies(Request::get("/edge/page_of_cookies"));
    page.answer(&server).await.expect(200, "a=1");
}
