//! Frames that are not whole yet: what their header decides, and that each byte of them is a sign of life.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{CONTINUATION, FIN, PING, PONG, Server, TEXT, frame};

#[websocket("/partial/echo", on = "message")]
fn echo(msg: &str) -> &str {
    msg
}

#[tokio::test]
async fn fragment_that_takes_the_message_over_its_limit_is_refused_from_its_header() {
    let server = Server::start(App::new().limits(Limits::default().max_message_size(10))).await;
    let mut client = server.raw("/partial/echo").await;
    client.send(TEXT, "0123456789").await;
    client.announce(FIN | CONTINUATION, 1).await;
    client.expect_close_code(1009).await;
}

#[tokio::test]
async fn fragments_up_to_the_limit_are_one_message_and_the_next_begins_anew() {
    let server = Server::start(App::new().limits(Limits::default().max_message_size(10))).await;
    let mut client = server.raw("/partial/echo").await;
    for _message in 0..2 {
        client.send(TEXT, "01234").await;
        client.send(FIN | PING, "between").await;
        client.send(FIN | CONTINUATION, "56789").await;
        client.expect(FIN | PONG, "between").await;
        client.expect_text("0123456789").await;
    }
}

#[tokio::test]
async fn control_frame_that_announces_too_much_is_refused_from_its_header() {
    for length in [126, 1 << 62] {
        let server = Server::start(App::new()).await;
        let mut client = server.raw("/partial/echo").await;
        client.announce(FIN | PING, length).await;
        client.expect_close_code(1002).await;
    }
}

#[tokio::test]
async fn messages_ahead_of_a_refused_header_are_answered_first() {
    let server = Server::start(App::new().limits(Limits::default().max_message_size(10))).await;
    let mut client = server.raw("/partial/echo").await;
    let mut bytes = frame(FIN | TEXT, "first");
    bytes.extend(frame(TEXT, "0123456789"));
    bytes.extend(frame(FIN | CONTINUATION, "x"));
    // The header of the last frame comes in two parts.
    let (begin, rest) = bytes.split_at(bytes.len() - 6);
    client.send_bytes(begin).await;
    client.expect_text("first").await;
    client.send_bytes(rest).await;
    client.expect_close_code(1009).await;
}

#[tokio::test]
async fn frame_that_arrives_slowly_keeps_its_client_alive() {
    let limits = Limits::default().heartbeat_interval(Duration::from_millis(600));
    let server = Server::start(App::new().limits(limits)).await;
    let mut client = server.raw("/partial/echo").await;
    // The client cannot answer a ping in the middle of a frame, which takes longer than two heartbeats.
    for byte in frame(FIN | TEXT, "ten bytes!") {
        client.send_bytes(&[byte]).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut received = client.next().await;
    while received.0 == FIN | PING {
        received = client.next().await;
    }
    assert_eq!(received.1, b"ten bytes!");
}
