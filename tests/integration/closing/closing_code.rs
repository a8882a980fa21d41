//! Which close codes and reasons go on the wire.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, PING, PONG, Server, close_payload};

/// The message is a code and a reason.
#[websocket("/closing_code/with", on = "message")]
fn close_with(ws: &WebSocketConnector, msg: &str) {
    let (code, reason) = msg.split_once(' ').expect("a code and a reason");
    ws.close_with(code.parse().expect("a code"), reason);
}

#[websocket("/closing_code/error", on = "message")]
fn fail_with(msg: &str) -> Result<(), HandlerError> {
    let (code, reason) = msg.split_once(' ').expect("a code and a reason");
    Err(HandlerError::close(code.parse().expect("a code"), reason))
}

const BOTH: [&str; 2] = ["/closing_code/with", "/closing_code/error"];

#[tokio::test]
async fn code_and_reason_are_sent_as_given() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        for code in [1000, 1001, 1003, 1008, 1011, 1013, 3000, 4000, 4999] {
            let mut client = server.connect(path).await;
            client.send(format!("{code} tschüß \u{1F987}")).await;
            client.expect_close(code, "tschüß \u{1F987}").await;
        }
    }
}

#[tokio::test]
async fn code_that_must_not_be_sent_becomes_1011() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535] {
            let mut client = server.connect(path).await;
            client.send(format!("{code} why")).await;
            client.expect_close(1011, "why").await;
        }
    }
}

#[tokio::test]
async fn reason_is_cut_to_123_bytes_at_a_character() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let mut client = server.connect(path).await;
        client.send(format!("4000 {}", "x".repeat(123))).await;
        client.expect_close(4000, &"x".repeat(123)).await;

        let mut client = server.connect(path).await;
        client.send(format!("4000 {}", "x".repeat(200))).await;
        client.expect_close(4000, &"x".repeat(123)).await;

        // Two bytes each: the 62nd would end at byte 124.
        let mut client = server.connect(path).await;
        client.send(format!("4000 {}", "ü".repeat(100))).await;
        client.expect_close(4000, &"ü".repeat(61)).await;
    }
}

// ---- the close handshake -----------------------------------------------------------------------------------------------

#[tokio::test]
async fn server_waits_for_the_clients_close_and_then_ends_tcp() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/closing_code/with").await;
    client.send_text("4000 bye").await;
    client.expect_close(4000, "bye").await;
    // RFC 6455 lets a client finish what it is sending first.
    client.send_text("late").await;
    client.send(FIN | CLOSE, close_payload(4000, "")).await;
    client.expect_end().await;
}

#[tokio::test]
async fn client_that_never_answers_our_close_is_left_after_the_close_timeout() {
    let limits = Limits::default().close_timeout(Duration::from_millis(100));
    let server = Server::start(App::new().limits(limits)).await;
    let mut client = server.raw("/closing_code/with").await;
    client.send_text("4000 bye").await;
    client.expect_close(4000, "bye").await;
    client.expect_end().await;
}

#[tokio::test]
async fn nothing_is_sent_after_our_close_frame_not_even_a_pong() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/closing_code/with").await;
    client.send(FIN | PING, "before").await;
    client.expect(FIN | PONG, "before").await;
    client.send_text("4000 bye").await;
    client.expect_close(4000, "bye").await;
    client.send(FIN | PING, "after").await;
    client.send(FIN | CLOSE, close_payload(4000, "")).await;
    client.expect_end().await;
}
