//! Hostile clients of HTTP/2, which write its frames themselves.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Seen, Server, Transport, probe, until, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::Instant,
};
use tokio_rustls::client::TlsStream;

use crate::edge::{
    app,
    frames::{
        CONNECT, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, RST_STREAM, beginning, frame, headers,
        next, send,
    },
};

async fn start() -> (Server, Seen) {
    let (probe, seen) = probe();
    let server = Server::start_encrypted(app(probe), |router| router, Transport::Http2).await;
    (server, seen)
}

/// Begins HTTP/2.
async fn begin(server: &Server) -> TlsStream<TcpStream> {
    let mut stream = server.tls(&["h2"]).await;
    send(&mut stream, &beginning(&[])).await;
    stream
}

/// Sends `attack`, as far as it is taken, and waits until the connection has ended.
async fn expect_end(stream: TlsStream<TcpStream>, attack: &[u8]) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    let reading = async {
        let mut bytes = vec![0; 4096];
        while matches!(reader.read(&mut bytes).await, Ok(length) if length > 0) {}
    };
    let writing = async {
        let _ = writer.write_all(attack).await; // It may end before.
    };
    let both = Box::pin(async { tokio::join!(reading, writing) });
    within("the end of the connection", both).await;
}

async fn expect_unharmed(server: &Server) {
    let begun = Instant::now();
    server.connect("/edge/echo").await.ask("hi", "hi").await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn rapid_reset_ends_the_connection_and_leaves_nothing_behind() {
    let (server, _seen) = start().await;
    let stream = begin(&server).await;
    let mut attack = Vec::new();
    for number in 0..50_000 {
        let id = 2 * number + 1;
        attack.extend(frame(HEADERS, END_HEADERS, id, &headers(&CONNECT)));
        attack.extend(frame(RST_STREAM, 0, id, &8_u32.to_be_bytes()));
    }
    expect_end(stream, &attack).await;
    until("nobody to be left", || server.hub().count() == 0).await;
    expect_unharmed(&server).await;
}

#[tokio::test]
async fn flood_of_continuations_ends_the_connection() {
    let (server, _seen) = start().await;
    let stream = begin(&server).await;
    let mut attack = frame(HEADERS, 0, 1, &headers(&CONNECT));
    let piece = headers(&[("x-padding", &"x".repeat(100))]).repeat(100);
    for _ in 0..10_000 {
        attack.extend(frame(CONTINUATION, 0, 1, &piece));
    }
    expect_end(stream, &attack).await;
    expect_unharmed(&server).await;
}

#[tokio::test]
async fn stream_above_the_limit_of_200_is_refused() {
    let (server, mut seen) = start().await;
    let mut stream = begin(&server).await;
    for number in 0..=200 {
        let request = frame(HEADERS, END_HEADERS, 2 * number + 1, &headers(&CONNECT));
        send(&mut stream, &request).await;
    }
    let (id, reason) = next(&mut stream, RST_STREAM).await;
    assert_eq!((id, &reason[..]), (401, &7_u32.to_be_bytes()[..]), "REFUSED_STREAM");
    until("the others to have come", || server.hub().count() == 200).await;
    drop(stream);
    until("nobody to be left", || server.hub().count() == 0).await;
    assert_eq!(seen.rest().iter().filter(|note| *note == "Abnormal").count(), 200);
}

#[tokio::test]
async fn get_with_upgrade_is_a_malformed_request() {
    let (server, _seen) = start().await;
    let mut stream = begin(&server).await;
    let get = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "localhost"),
        (":path", "/edge/noted"),
        ("upgrade", "websocket"),
        ("connection", "upgrade"),
    ];
    send(
        &mut stream,
        &frame(HEADERS, END_HEADERS | END_STREAM, 1, &headers(&get)),
    )
    .await;
    let (id, reason) = next(&mut stream, RST_STREAM).await;
    assert_eq!((id, &reason[..]), (1, &1_u32.to_be_bytes()[..]), "PROTOCOL_ERROR");
}

#[tokio::test]
async fn more_bytes_than_the_window_allows_end_the_stream_or_the_connection() {
    let (server, mut seen) = start().await;
    let mut stream = begin(&server).await;
    let path = CONNECT.map(|(name, value)| (name, if name == ":path" { "/edge/stalled" } else { value }));
    send(&mut stream, &frame(HEADERS, END_HEADERS, 1, &headers(&path))).await;
    until("the socket to be open", || server.hub().count() == 1).await;
    let message = robyn_ws_tests::frame(robyn_ws_tests::FIN | robyn_ws_tests::TEXT, "1");
    send(&mut stream, &frame(DATA, 0, 1, &message)).await;
    let attack = frame(DATA, 0, 1, &[0; 16_000]).repeat(1000);
    let _ = within("the server to read", stream.write_all(&attack)).await; // It may end before.
    until("the socket to have ended", || server.hub().count() == 0).await;
    assert_eq!(seen.rest(), Vec::<String>::new());
    expect_unharmed(&server).await;
}

#[tokio::test]
async fn silence_after_the_choice_of_http2_ends() {
    let (probe, _seen) = probe();
    let limits = Limits::default().http2_idle_timeout(Duration::from_millis(100));
    let server = Server::start_encrypted(app(probe).limits(limits), |router| router, Transport::Http2).await;
    let stream = server.tls(&["h2"]).await;
    expect_end(stream, b"").await;
    let mut begun = begin(&server).await;
    let (_, payload) = next(&mut begun, GOAWAY).await;
    assert_eq!(payload[4..8], [0; 4], "NO_ERROR");
}

#[tokio::test]
async fn length_above_zero_of_a_websocket_ends_its_connection_and_no_other() {
    let (server, mut seen) = start().await;
    let mut stream = begin(&server).await;
    send(&mut stream, &frame(HEADERS, END_HEADERS, 1, &headers(&CONNECT))).await;
    seen.expect("connect").await;
    let with_length = [&CONNECT[..], &[("content-length", "5")]].concat();
    expect_end(stream, &frame(HEADERS, END_HEADERS, 3, &headers(&with_length))).await;
    seen.expect("Abnormal").await;
    expect_unharmed(&server).await;
}
