//! Answers that clients take slowly, or not at all. The time is paused: it goes on when all tasks wait.

use std::{future::pending, time::Duration};

use robyn_ws::{
    axum::{Router, routing::get},
    prelude::*,
};
use robyn_ws_tests::{Request, Server, probe, within};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::{Instant, sleep},
};

use crate::edge::{
    app,
    frames::{DATA, HEADERS, PING, RST_STREAM, WINDOW_UPDATE, ask_for, begin, frame, next, send},
};

const SECOND: Duration = Duration::from_secs(1);

/// The length of a long page. The pipe to the server holds less.
const LONG: usize = 256 * 1024;

fn start(limits: Limits) -> Server {
    let pages = Router::new()
        .route("/edge/page", get(|| async { "a page" }))
        .route("/edge/long_page", get(|| async { vec![b'x'; LONG] }))
        .route("/edge/slow_page", get(pending::<()>));
    Server::start_as_served_in_memory(app(probe().0).h2c().limits(limits).http(pages))
}

#[tokio::test(start_paused = true)]
async fn answer_that_is_not_taken_ends_its_stream_and_no_other() {
    let server = start(Limits::default());
    let mut pipe = begin(&server, 0).await;
    ask_for(&mut pipe, 1, "/edge/slow_page").await;
    for (id, path) in [(3, "/edge/page"), (5, "/edge/long_page")] {
        let begun = Instant::now();
        ask_for(&mut pipe, id, path).await;
        assert_eq!(next(&mut pipe, HEADERS).await.0, id);
        let (reset, reason) = next(&mut pipe, RST_STREAM).await;
        assert_eq!((reset, &reason[..]), (id, &8_u32.to_be_bytes()[..]), "CANCEL");
        let end = begun.elapsed();
        assert!((10 * SECOND..11 * SECOND).contains(&end), "{path}: {end:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn answer_that_is_taken_slowly_is_taken_completely() {
    let server = start(Limits::default());
    let mut pipe = begin(&server, 0).await;
    ask_for(&mut pipe, 1, "/edge/long_page").await;
    let window = 16 * 1024_u32;
    for _ in 0..LONG / window as usize {
        sleep(8 * SECOND).await;
        for id in [0, 1] {
            send(&mut pipe, &frame(WINDOW_UPDATE, 0, id, &window.to_be_bytes())).await;
        }
        assert_eq!(next(&mut pipe, DATA).await.1.len(), window as usize);
    }
}

#[tokio::test(start_paused = true)]
async fn client_of_http2_that_takes_no_bytes_at_all_is_lost_like_one_that_answers_no_heartbeat() {
    let server = start(Limits::default().http2_idle_timeout(3600 * SECOND));
    let mut pipe = begin(&server, 1024 * 1024).await;
    send(&mut pipe, &frame(WINDOW_UPDATE, 0, 0, &(1024 * 1024_u32).to_be_bytes())).await;
    ask_for(&mut pipe, 1, "/edge/long_page").await;
    sleep(49 * SECOND).await;
    let ping = frame(PING, 0, 0, &[0; 8]);
    pipe.write_all(&ping).await.expect("it is open");
    sleep(2 * SECOND).await;
    pipe.write_all(&ping).await.expect_err("it has ended");
}

#[tokio::test(start_paused = true)]
async fn answer_over_http1_that_is_not_taken_ends_its_connection() {
    for limit in [10, 20] {
        let server = start(Limits::default().send_timeout(limit * SECOND));
        let mut pipe = server.pipe().await;
        send(&mut pipe, &Request::get("/edge/long_page").to_bytes()).await;
        sleep((limit + 1) * SECOND).await;
        let mut taken = Vec::new();
        let _ = within("the end", pipe.read_to_end(&mut taken)).await; // A broken pipe is an end as well.
        assert!(taken.len() < LONG, "{}", taken.len());
    }
}

#[tokio::test(start_paused = true)]
async fn answer_over_http1_that_is_taken_slowly_is_taken_completely() {
    let server = start(Limits::default());
    let mut pipe = server.pipe().await;
    send(
        &mut pipe,
        &Request::get("/edge/long_page").header("connection", "close").to_bytes(),
    )
    .await;
    let mut taken = Vec::new();
    let mut piece = vec![0; 16 * 1024];
    loop {
        sleep(8 * SECOND).await;
        match pipe.read(&mut piece).await.expect("it is open") {
            0 => break,
            length => taken.extend_from_slice(&piece[..length]),
        }
    }
    assert!(taken.ends_with(&vec![b'x'; LONG]), "{}", taken.len());
}

#[tokio::test(start_paused = true)]
async fn websocket_has_longer_than_an_answer_to_be_read() {
    let limits = Limits::default()
        .heartbeat_interval(None)
        .max_outbound_bytes(1024 * 1024);
    let server = start(limits);
    let mut client = server.raw("/edge/stalled").await;
    client.send_text("200000").await;
    sleep(60 * SECOND).await;
    client.expect_text(&"x".repeat(200_000)).await;
}
