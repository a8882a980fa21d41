//! WebSockets over HTTP/2 (RFC 8441): how they begin, how they end, and what else a connection may ask for.

use std::time::Duration;

use futures_util::future::join_all;
use h2::ext::Protocol;
use robyn_ws::{
    axum::{
        Router,
        body::Body,
        extract::Request as HttpRequest,
        http::{self, Method},
        middleware::{Next, from_fn},
        response::Response,
        routing::get,
    },
    prelude::*,
};
use robyn_ws_tests::{
    Client, FIN, Http2, Pipe, Request, Seen, Server, Stream, TEXT, Transport, frame, probe, until, within,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::edge::app;

async fn start_with(limits: Limits, wrap: impl FnOnce(Router) -> Router) -> (Server, Seen) {
    let (probe, seen) = probe();
    let page = Router::new().route("/edge/page", get(|| async { "a page" }));
    let app = app(probe).limits(limits).http(page);
    (Server::start_encrypted(app, wrap, Transport::Http2).await, seen)
}

async fn start() -> (Server, Seen) {
    start_with(Limits::default(), |router| router).await
}

/// Sends a request that ends with its head, and returns the status and the body of the answer.
async fn ask(http2: &Http2, request: http::request::Builder) -> (u16, String) {
    let (answer, mut stream) = http2.send_with(request, true).await.expect("an answer");
    let mut body = String::new();
    within("the body", stream.read_to_string(&mut body))
        .await
        .expect("a text");
    (answer.status().as_u16(), body)
}

/// Sends `hi` over a stream, and reads its echo.
async fn expect_echo(stream: &mut Stream) {
    stream.write_all(&frame(FIN | TEXT, "hi")).await.expect("it is open");
    let mut answer = [0; 4];
    within("the answer", stream.read_exact(&mut answer))
        .await
        .expect("it is open");
    assert_eq!(&answer, b"\x81\x02hi");
}

#[tokio::test]
async fn connect_is_answered_with_200_and_no_header_of_http1() {
    let (server, mut seen) = start().await;
    let http2 = server.http2().await;
    let (answer, stream) = http2.send(Http2::connect("/edge/noted")).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    for name in [
        "upgrade",
        "connection",
        "sec-websocket-accept",
        "content-length",
        "transfer-encoding",
    ] {
        assert!(!answer.headers().contains_key(name), "{answer:?}");
    }
    seen.expect("connect").await;
    drop(stream);
    seen.expect("Abnormal").await;
}

#[tokio::test]
async fn hundred_sockets_share_one_connection_with_pages() {
    let (server, _seen) = start().await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(server.connect("/edge/echo").await);
    }
    assert_eq!(server.hub().count(), 100);
    join_all(clients.iter_mut().map(|client| client.ask("hi", "hi"))).await;
    let http2 = server.http2().await;
    let page = http::Request::builder().uri("https://localhost/edge/page");
    assert_eq!(ask(&http2, page).await, (200, "a page".to_owned()));
    join_all(clients.into_iter().map(Client::leave)).await;
}

#[tokio::test]
async fn other_protocol_is_501() {
    let (server, _seen) = start().await;
    let request = Http2::connect("/edge/echo").extension(Protocol::from_static("connect-udp"));
    let (status, body) = ask(&server.http2().await, request).await;
    assert_eq!(status, 501);
    assert!(body.contains("`:protocol` is \"connect-udp\""), "{body}");
}

#[tokio::test]
async fn get_is_400_that_says_how_a_websocket_begins() {
    let (server, _seen) = start().await;
    let request = http::Request::builder()
        .uri("https://localhost/edge/echo")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", robyn_ws_tests::KEY);
    let (status, body) = ask(&server.http2().await, request).await;
    assert_eq!(status, 400);
    assert!(
        body.contains("CONNECT request whose `:protocol` is `websocket`"),
        "{body}"
    );
}

#[tokio::test]
async fn version_other_than_13_is_426_and_a_missing_one_400() {
    let (server, _seen) = start().await;
    let http2 = server.http2().await;
    let request = |version: Option<&str>| {
        let request = http::Request::builder()
            .method(Method::CONNECT)
            .uri("https://localhost/edge/echo")
            .extension(Protocol::from_static("websocket"));
        match version {
            Some(version) => request.header("sec-websocket-version", version),
            None => request,
        }
    };
    assert_eq!(ask(&http2, request(Some("8"))).await.0, 426);
    assert_eq!(ask(&http2, request(None)).await.0, 400);
    assert_eq!(ask(&http2, Http2::connect("/edge/nowhere")).await.0, 404);
}

#[tokio::test]
async fn length_of_a_websocket_is_400_that_says_so_and_the_others_live() {
    let (server, _seen) = start().await;
    let http2 = server.http2().await;
    let mut other = http2.open("/edge/echo").await;
    let request = Http2::connect("/edge/echo").header("content-length", "0");
    let (status, body) = ask(&http2, request).await;
    assert_eq!(status, 400);
    assert!(body.contains("remove `Content-Length`"), "{body}");
    expect_echo(&mut other).await;
}

#[tokio::test]
async fn connect_of_http1_is_405_as_it_is_without_http2() {
    let (server, _seen) = start().await;
    let request = Request::upgrade("/edge/echo").line("CONNECT /edge/echo HTTP/1.1");
    let answer = request.answer_over(server.pipe().await).await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("GET,HEAD")));
}

#[tokio::test]
async fn origin_is_compared_with_the_authority() {
    let (server, _seen) = start().await;
    let http2 = server.http2().await;
    for (origin, status) in [
        ("https://localhost", 200),
        ("https://evil.example", 403),
        ("https://localhost:1", 403),
    ] {
        let request = Http2::connect("/edge/echo").header("origin", origin);
        let (answer, _stream) = http2.send(request).await.expect("an answer");
        assert_eq!(answer.status(), status, "{origin}");
    }
}

async fn instead(request: HttpRequest, next: Next) -> Response {
    let status = request
        .headers()
        .get("x-instead")
        .and_then(|value| value.to_str().ok()?.parse::<u16>().ok());
    let response = next.run(request).await;
    match status {
        Some(status) => {
            drop(response);
            let mut other = Response::new(Body::empty());
            *other.status_mut() = StatusCode::from_u16(status).expect("a status");
            other
        }
        None => response,
    }
}

#[tokio::test]
async fn answer_that_a_layer_replaces_leaves_nothing_behind() {
    let (server, mut seen) = start_with(Limits::default().max_connections(1), |router| {
        router.layer(from_fn(instead))
    })
    .await;
    let http2 = server.http2().await;
    for status in [503, 204, 200] {
        let request = Http2::connect("/edge/noted").header("x-instead", status.to_string());
        let (answer, stream) = http2.send(request).await.expect("an answer");
        assert_eq!(answer.status(), status);
        drop(stream);
    }
    // The only place is free again.
    let freed = async {
        while http2
            .send(Http2::connect("/edge/noted"))
            .await
            .expect("an answer")
            .0
            .status()
            != 200
        {}
    };
    within("a free place", freed).await;
    seen.expect("connect").await;
}

#[tokio::test]
async fn end_of_the_stream_and_its_reset_without_a_close_are_abnormal() {
    let (server, mut seen) = start().await;
    let http2 = server.http2().await;
    let mut ended = http2.open("/edge/noted").await;
    seen.expect("connect").await;
    ended
        .write_all(&frame(FIN | TEXT, "last words"))
        .await
        .expect("it is open");
    ended.shutdown().await.expect("it is open");
    seen.expect("Abnormal").await;
    // What was handled is answered, and the server ends its half.
    let mut rest = Vec::new();
    within("the end of the stream", ended.read_to_end(&mut rest))
        .await
        .expect("the end is in order");
    assert_eq!(rest, b"\x81\x0alast words");

    let mut broken = http2.open("/edge/noted").await;
    seen.expect("connect").await;
    broken.reset();
    seen.expect("Abnormal").await;
    http2.open("/edge/noted").await;
    seen.expect("connect").await;
}

#[tokio::test]
async fn end_of_tcp_ends_all_sockets_of_a_connection() {
    let (server, mut seen) = start().await;
    let http2 = server.http2().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(http2.open("/edge/noted").await);
        seen.expect("connect").await;
    }
    http2.abort();
    for _ in 0..3 {
        seen.expect("Abnormal").await;
    }
    until("nobody to be left", || server.hub().count() == 0).await;
}

#[tokio::test]
async fn drain_closes_sockets_with_1001_and_then_the_connection_with_goaway() {
    let (server, _seen) = start().await;
    let http2 = server.http2().await;
    let mut stream = http2.open("/edge/echo").await;
    let client = async {
        let mut close = [0; 2 + 2 + "the server shuts down".len()];
        within("the Close frame", stream.read_exact(&mut close))
            .await
            .expect("a Close frame");
        assert_eq!((close[0], &close[2..4]), (0x88, &1001_u16.to_be_bytes()[..]));
        stream
            .write_all(&frame(FIN | robyn_ws_tests::CLOSE, 1001_u16.to_be_bytes()))
            .await
            .expect("it is open");
        let mut rest = Vec::new();
        within("the end of the stream", stream.read_to_end(&mut rest))
            .await
            .expect("the end is in order");
        drop(stream);
        http2.ended().await
    };
    let ((), ended) = tokio::join!(server.finish(), client);
    ended.expect("GOAWAY says that there is no error");
}

#[tokio::test]
async fn connection_without_streams_ends_and_one_with_a_socket_does_not() {
    let limits = Limits::default().http2_idle_timeout(Duration::from_millis(200));
    let (server, _seen) = start_with(limits, |router| router).await;
    let (busy, idle, unused) = (server.http2().await, server.http2().await, server.http2().await);
    let mut socket = busy.open("/edge/echo").await;
    let page = http::Request::builder().uri("https://localhost/edge/page");
    assert_eq!(ask(&idle, page).await.0, 200);
    idle.ended().await.expect("GOAWAY says that there is no error");
    unused.ended().await.expect("GOAWAY says that there is no error");
    expect_echo(&mut socket).await;
    drop(socket);
    busy.ended().await.expect("GOAWAY says that there is no error");
}

#[tokio::test]
async fn stream_above_the_limit_is_refused_and_the_others_live() {
    let limits = Limits::default().max_http2_streams(3);
    let (server, _seen) = start_with(limits, |router| router).await;
    let http2 = server.http2().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(http2.open("/edge/echo").await);
    }
    // A client with manners waits for the end of another stream.
    let fourth = tokio::time::timeout(Duration::from_millis(100), http2.open("/edge/echo")).await;
    assert!(fourth.is_err());
    streams.pop();
    streams.push(http2.open("/edge/echo").await);
    for stream in &mut streams {
        expect_echo(stream).await;
    }
}

#[tokio::test]
async fn without_tls_http2_is_spoken_only_when_asked_for() {
    let (told, _seen) = probe();
    let server = Server::start_as_served(app(told.clone()), |router| router).await;
    let mut plain = server.tcp().await;
    plain
        .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        .await
        .expect("it reads");
    let mut answer = Vec::new();
    let _ = within("the end of TCP", plain.read_to_end(&mut answer)).await; // A reset is an end as well.
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400"), "{answer:?}");

    let server = Server::start_as_served(app(told).h2c(), |router| router).await;
    let http2 = Http2::begin(server.tcp().await).await;
    let mut stream = http2.open("/edge/echo").await;
    expect_echo(&mut stream).await;
    // HTTP/1.1 is spoken as well.
    server.connect("/edge/echo").await.ask("hi", "hi").await;
}

#[test]
fn windows_that_would_let_sockets_stop_each_other_are_build_errors() {
    let build = |limits: Limits| {
        let (probe, _seen) = probe();
        app(probe)
            .limits(limits)
            .build()
            .map(|_| ())
            .map_err(|errors| errors.to_string())
    };
    let too_small = Limits::default()
        .max_http2_streams(100)
        .max_http2_connection_window(1024 * 1024);
    let error = build(too_small).expect_err("a hundred windows do not fit");
    assert!(
        error.contains("100 streams (`Limits::max_http2_streams`) of 65536 bytes"),
        "{error}"
    );
    assert!(error.contains("`Limits::max_http2_connection_window`"), "{error}");
    let too_many = Limits::default()
        .max_http2_streams(32 * 1024)
        .max_http2_stream_window(16 * 1024 * 1024);
    let error = build(too_many).expect_err("they do not fit into any window");
    assert!(error.contains("2147483647"), "{error}");
    let fitting = Limits::default()
        .max_http2_streams(16)
        .max_http2_connection_window(1024 * 1024);
    assert_eq!(build(fitting), Ok(()));
    assert!(build(Limits::default().max_http2_streams(0)).is_err());
    assert_eq!(build(Limits::default()), Ok(()));
}
