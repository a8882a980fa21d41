//! Flow control of HTTP/2: a socket that stalls must not stop the others of its connection.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{BINARY, FIN, Http2, Pipe as _, Server, Stream, TEXT, Transport, frame, probe, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, timeout},
};

use crate::edge::app;

/// The time that an echo may take beside stalled sockets.
const SOON: Duration = Duration::from_secs(2);

async fn start() -> (Server, Http2) {
    start_with(Limits::default().max_outbound_bytes(16 * 1024 * 1024)).await
}

async fn start_with(limits: Limits) -> (Server, Http2) {
    let (probe, _seen) = probe();
    let server = Server::start_encrypted(app(probe).limits(limits), |router| router, Transport::Http2).await;
    let http2 = server.http2().await;
    (server, http2)
}

/// Sends until the window of the stream is used up.
async fn fill(stream: &mut Stream) {
    let piece = frame(FIN | BINARY, vec![0; 1000]).repeat(16);
    while timeout(Duration::from_millis(50), stream.write_all(&piece))
        .await
        .is_ok()
    {}
}

/// Sends frames of 20 bytes, each a message, until the window of the stream is used up.
async fn fill_with_small_frames(stream: &mut Stream) {
    let message = frame(FIN | BINARY, [0; 14]);
    assert_eq!(message.len(), 20);
    while timeout(Duration::from_millis(50), stream.write_all(&message))
        .await
        .is_ok_and(|sent| sent.is_ok())
    {}
}

async fn expect_echoes(http2: &Http2) {
    let mut stream = http2.open("/edge/echo").await;
    let long = vec![b'x'; 300_000];
    let begun = Instant::now();
    for message in [&b"hi"[..], &long] {
        let echo = async {
            let (mut reader, mut writer) = tokio::io::split(&mut stream);
            let masked = frame(FIN | TEXT, message);
            let mut answer = vec![0; message.len() + if message.len() < 126 { 2 } else { 10 }];
            let (sent, read) = tokio::join!(writer.write_all(&masked), reader.read_exact(&mut answer));
            sent.expect("it is open");
            read.expect("it is open");
            assert!(answer.ends_with(message));
        };
        within("the echo", echo).await;
    }
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn hundredth_socket_echoes_beside_99_whose_messages_nobody_handles() {
    let (_server, http2) = start().await;
    let mut stalled = Vec::new();
    for _ in 0..99 {
        let mut stream = http2.open("/edge/stalled").await;
        fill(&mut stream).await;
        stalled.push(stream);
    }
    expect_echoes(&http2).await;
}

#[tokio::test]
async fn hundredth_socket_echoes_beside_99_with_many_small_messages_that_nobody_handles() {
    let (_server, http2) = start().await;
    let mut stalled = Vec::new();
    for _ in 0..99 {
        let mut stream = http2.open("/edge/stalled").await;
        fill_with_small_frames(&mut stream).await;
        stalled.push(stream);
    }
    expect_echoes(&http2).await;
}

#[tokio::test]
async fn hundredth_socket_echoes_beside_99_that_read_nothing() {
    let (_server, http2) = start().await;
    let mut stalled = Vec::new();
    for _ in 0..99 {
        let mut stream = http2.open("/edge/stalled").await;
        stream
            .write_all(&frame(FIN | TEXT, "1000000"))
            .await
            .expect("it is open");
        stalled.push(stream);
    }
    expect_echoes(&http2).await;
}

#[tokio::test]
async fn stream_that_is_reset_gives_its_window_back_though_its_handler_goes_on() {
    let limits = Limits::default()
        .max_http2_streams(2)
        .max_http2_connection_window(2 * 64 * 1024);
    let (_server, http2) = start_with(limits).await;
    for _ in 0..2 {
        let mut stream = http2.open("/edge/stalled").await;
        fill(&mut stream).await;
        stream.reset();
    }
    let begun = Instant::now();
    let mut stream = http2.open("/edge/echo").await;
    let masked = frame(FIN | TEXT, vec![b'x'; 120_000]);
    within("the server to read", stream.write_all(&masked))
        .await
        .expect("it is open");
    // Running handlers have 10 s.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}
