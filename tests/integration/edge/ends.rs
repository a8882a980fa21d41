//! How long HTTP connections live. The time is paused: it goes on when all tasks wait.

use std::{future::pending, time::Duration};

use robyn_ws::{
    axum::{Router, http, routing::get},
    prelude::*,
};
use robyn_ws_tests::{FIN, Http2, Pipe, Seen, Server, TEXT, probe, within};
use tokio::{
    io::AsyncReadExt,
    time::{Instant, sleep, timeout},
};

use crate::edge::{
    app,
    frames::{
        CONNECT, DATA, END_HEADERS, HEADERS, RST_STREAM, WINDOW_UPDATE, ask_for, begin, frame, headers, next, send,
    },
};

const SECOND: Duration = Duration::from_secs(1);

fn start(limits: Limits) -> (Server, Seen) {
    let (probe, seen) = probe();
    let pages = Router::new()
        .route("/edge/page", get(|| async { "a page" }))
        .route("/edge/slow_page", get(pending::<()>));
    let server = Server::start_as_served_in_memory(app(probe).h2c().limits(limits).http(pages));
    (server, seen)
}

async fn expect_page(http2: &Http2) {
    let request = http::Request::builder().uri("http://localhost/edge/page");
    let (answer, mut stream) = http2.send_with(request, true).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let mut page = String::new();
    let reading = within("the page", stream.read_to_string(&mut page)).await;
    reading.expect("a text");
    assert_eq!(page, "a page");
}

/// Waits until the server has ended the connection, and returns how long that took.
async fn end(pipe: &mut Box<dyn Pipe>) -> Duration {
    let begun = Instant::now();
    let mut left = Vec::new();
    let ended = timeout(600 * SECOND, pipe.read_to_end(&mut left)).await;
    let _ = ended.expect("the connection ends"); // A broken pipe is an end as well.
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn connection_lives_between_its_requests_for_the_idle_timeout_and_no_longer() {
    let (server, _seen) = start(Limits::default());
    let http2 = Http2::begin(server.pipe().await).await;
    for _ in 0..3 {
        expect_page(&http2).await;
        sleep(59 * SECOND).await;
    }
    expect_page(&http2).await;
    sleep(61 * SECOND).await;
    http2.ended().await.expect("GOAWAY says that there is no error");
}

#[tokio::test(start_paused = true)]
async fn client_that_answers_no_heartbeat_is_lost_whatever_it_has_open() {
    for path in ["/edge/page", "/edge/slow_page"] {
        let limits = Limits::default().max_missed_heartbeats(3).send_timeout(600 * SECOND);
        let (server, _seen) = start(limits);
        let mut pipe = begin(&server, 0).await;
        ask_for(&mut pipe, 1, path).await;
        let end = end(&mut pipe).await;
        assert!((75 * SECOND..76 * SECOND).contains(&end), "{path}: {end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn client_that_answers_heartbeats_lives_and_is_as_idle_as_without() {
    let limits = Limits::default().http2_idle_timeout(600 * SECOND);
    let (server, _seen) = start(limits);
    let http2 = Http2::begin(server.pipe().await).await;
    expect_page(&http2).await;
    sleep(599 * SECOND).await;
    expect_page(&http2).await;
    sleep(601 * SECOND).await;
    http2.ended().await.expect("GOAWAY says that there is no error");
}

#[tokio::test(start_paused = true)]
async fn drain_leaves_soon_who_has_nothing_open_and_does_not_answer() {
    let (server, _seen) = start(Limits::default());
    let mut pipe = begin(&server, 0).await;
    ask_for(&mut pipe, 1, "/edge/page").await;
    assert_eq!(next(&mut pipe, HEADERS).await.0, 1);
    send(&mut pipe, &frame(WINDOW_UPDATE, 0, 1, &100_u32.to_be_bytes())).await;
    assert_eq!(next(&mut pipe, DATA).await.1, b"a page");
    let begun = Instant::now();
    server.finish().await;
    // Running requests have a second.
    assert!(begun.elapsed() < SECOND, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn stream_of_a_lost_websocket_is_reset() {
    for window in [0, 65_535] {
        let (server, mut seen) = start(Limits::default().heartbeat_interval(5 * SECOND));
        let mut pipe = begin(&server, window).await;
        send(&mut pipe, &frame(HEADERS, END_HEADERS, 1, &headers(&CONNECT))).await;
        seen.expect("connect").await;
        let (id, reason) = next(&mut pipe, RST_STREAM).await;
        assert_eq!((id, &reason[..]), (1, &8_u32.to_be_bytes()[..]), "CANCEL");
        seen.expect("HeartbeatTimeout").await;
        ask_for(&mut pipe, 3, "/edge/page").await;
        assert_eq!(next(&mut pipe, HEADERS).await.0, 3);
    }
}

#[tokio::test(start_paused = true)]
async fn close_handler_runs_at_once_when_a_message_and_a_reset_come_together() {
    for messages in [0, 1, 2, 20] {
        let (server, mut seen) = start(Limits::default());
        let mut pipe = begin(&server, 65_535).await;
        send(&mut pipe, &frame(HEADERS, END_HEADERS, 1, &headers(&CONNECT))).await;
        seen.expect("connect").await;
        let begun = Instant::now();
        let said = robyn_ws_tests::frame(FIN | TEXT, "a message").repeat(messages);
        let reset = frame(RST_STREAM, 0, 1, &8_u32.to_be_bytes());
        send(&mut pipe, &[frame(DATA, 0, 1, &said), reset].concat()).await;
        seen.expect("Abnormal").await;
        assert!(begun.elapsed() < SECOND, "{messages}: {:?}", begun.elapsed());
    }
}
