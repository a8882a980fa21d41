//! Which version of HTTP a client speaks, and which times hold for it.

use std::time::Duration;

use robyn_ws::{
    axum::{Router, routing::get},
    prelude::*,
};
use robyn_ws_tests::{Request, Server, Transport, probe, within};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    time::sleep,
};

use crate::edge::app;

const IDLE: Duration = Duration::from_millis(50);

/// Much longer than [`IDLE`].
const LONG: Duration = Duration::from_millis(500);

fn app_with_pages() -> App {
    let (probe, _seen) = probe();
    let slow = async || {
        sleep(LONG).await;
        "a slow page"
    };
    app(probe).http(
        Router::new()
            .route("/edge/page", get(|| async { "a page" }))
            .route("/edge/slow_page", get(slow)),
    )
}

/// Sends a part of a request.
async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) {
    let sending = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    within("the server to read", sending).await.expect("it reads");
}

/// Reads an answer of HTTP/1.1 with this body.
async fn expect_answer(stream: &mut (impl AsyncRead + Unpin), body: &str) {
    let mut answer = Vec::new();
    while !answer.ends_with(body.as_bytes()) {
        let read = within("the answer", stream.read_buf(&mut answer)).await;
        assert_ne!(read.expect("it is open"), 0, "{}", String::from_utf8_lossy(&answer));
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

#[tokio::test]
async fn idle_timeout_of_http2_does_not_concern_http1_beside_it() {
    let limits = Limits::default().http2_idle_timeout(IDLE);
    let server = Server::start_as_served(app_with_pages().h2c().limits(limits), |router| router).await;
    let (page, slow) = (
        Request::get("/edge/page").to_bytes(),
        Request::get("/edge/slow_page").to_bytes(),
    );

    let mut slow_to_ask = server.tcp().await;
    let (half, rest) = page.split_at(page.len() / 2);
    send(&mut slow_to_ask, half).await;
    sleep(LONG).await;
    send(&mut slow_to_ask, rest).await;
    expect_answer(&mut slow_to_ask, "a page").await;

    let mut kept_alive = server.tcp().await;
    send(&mut kept_alive, &slow).await;
    expect_answer(&mut kept_alive, "a slow page").await;
    sleep(LONG).await;
    send(&mut kept_alive, &page).await;
    expect_answer(&mut kept_alive, "a page").await;
}

/// Sends the first bytes of another version than the one that the client has chosen, and returns the answer.
async fn answer_to_another(chosen: &str, spoken: &[u8]) -> String {
    let server = Server::start_encrypted(app_with_pages(), |router| router, Transport::Tls).await;
    let mut stream = server.tls(&[chosen]).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(chosen.as_bytes()));
    send(&mut stream, spoken).await;
    let mut answer = Vec::new();
    let _ = within("the end", stream.read_to_end(&mut answer)).await; // A reset is an end as well.
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn client_that_has_chosen_http2_is_not_answered_over_http1() {
    let request = Request::get("/edge/page").header("connection", "close");
    let answer = answer_to_another("h2", &request.to_bytes()).await;
    assert!(!answer.contains("HTTP/1.1"), "{answer:?}");
}

#[tokio::test]
async fn client_that_has_chosen_http1_is_not_answered_over_http2() {
    let answer = answer_to_another("http/1.1", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await;
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 400"), "{answer:?}");
}
