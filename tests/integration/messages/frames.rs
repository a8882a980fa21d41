//! Frames as they should be: kinds, fragments, sizes, pings.

use robyn_ws::prelude::*;
use robyn_ws_tests::{BINARY, CONTINUATION, FIN, PING, PONG, Request, Server, TEXT, frame};

#[websocket("/frames/text", on = "connect")]
fn greet() -> &'static str {
    "hello"
}

#[websocket("/frames/text", on = "message")]
fn text(msg: &str) -> &str {
    msg
}

#[websocket("/frames/bytes", on = "message")]
fn bytes(msg: &[u8]) -> &[u8] {
    msg
}

#[websocket("/frames/kind", on = "message")]
fn kind(msg: Message) -> Message {
    msg
}

// ---- pings -------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn ping_is_answered_with_its_payload_and_no_handler_runs() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/text").await;
    client.expect_text("hello").await;
    for payload in [&b""[..], b"ping", &[0xff; 125]] {
        client.send(FIN | PING, payload).await;
        client.expect(FIN | PONG, payload).await;
    }
    client.send_text("after the pings").await;
    client.expect_text("after the pings").await;
}

#[tokio::test]
async fn pong_that_nobody_asked_for_is_ignored() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/text").await;
    client.expect_text("hello").await;
    client.send(FIN | PONG, "unasked").await;
    client.send_text("after the pong").await;
    client.expect_text("after the pong").await;
}

#[tokio::test]
async fn ping_between_fragments_is_answered_at_once() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/text").await;
    client.expect_text("hello").await;
    client.send(TEXT, "one ").await;
    client.send(FIN | PING, "between").await;
    client.expect(FIN | PONG, "between").await;
    client.send(FIN | CONTINUATION, "two").await;
    client.expect_text("one two").await;
}

// ---- text and binary ---------------------------------------------------------------------------------------------------

#[tokio::test]
async fn binary_reaches_a_handler_that_takes_bytes() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/frames/bytes").await;
    client.send([0, 159, 146, 150]).await;
    client.expect([0, 159, 146, 150]).await;
    client.send("text gives its bytes").await;
    client.expect(b"text gives its bytes").await;
}

#[tokio::test]
async fn binary_that_is_valid_utf8_reaches_a_handler_that_takes_text() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/frames/text").await;
    client.expect_text("hello").await;
    client.send("bytes \u{1F987}".as_bytes()).await;
    client.expect_text("bytes \u{1F987}").await;
}

#[tokio::test]
async fn binary_that_is_no_utf8_closes_with_1003_where_text_is_due() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/frames/text").await;
    client.expect_text("hello").await;
    client.send([0xff, 0xfe]).await;
    client
        .expect_close(1003, "text expected, but the message is binary and not valid UTF-8")
        .await;
}

#[tokio::test]
async fn message_tells_text_and_binary_apart() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/frames/kind").await;
    client.send("same").await;
    client.expect("same").await;
    client.send(b"same").await;
    client.expect(b"same").await;
}

#[tokio::test]
async fn empty_messages_are_messages() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/kind").await;
    client.send(FIN | TEXT, "").await;
    client.expect(FIN | TEXT, "").await;
    client.send(FIN | BINARY, "").await;
    client.expect(FIN | BINARY, "").await;
}

// ---- fragments ---------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn fragments_are_put_together() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/kind").await;
    client.send(TEXT, "Hel").await;
    client.send(CONTINUATION, "lo, ").await;
    client.send(CONTINUATION, "").await;
    client.send(FIN | CONTINUATION, "world").await;
    client.expect(FIN | TEXT, "Hello, world").await;
    client.send(BINARY, [1, 2]).await;
    client.send(FIN | CONTINUATION, [3]).await;
    client.expect(FIN | BINARY, [1, 2, 3]).await;
}

#[tokio::test]
async fn character_may_be_split_between_fragments() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/text").await;
    client.expect_text("hello").await;
    let bat = "\u{1F987}".as_bytes();
    client.send(TEXT, &bat[..1]).await;
    client.send(CONTINUATION, &bat[1..3]).await;
    client.send(FIN | CONTINUATION, &bat[3..]).await;
    client.expect_text("\u{1F987}").await;
}

#[tokio::test]
async fn frame_may_arrive_byte_by_byte() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/text").await;
    client.expect_text("hello").await;
    for byte in frame(FIN | TEXT, "slowly") {
        client.send_bytes(&[byte]).await;
        tokio::task::yield_now().await;
    }
    client.expect_text("slowly").await;
}

#[tokio::test]
async fn many_frames_may_arrive_in_one_packet() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/frames/text").await;
    client.expect_text("hello").await;
    let frames: Vec<u8> = (0..500)
        .flat_map(|number| frame(FIN | TEXT, number.to_string()))
        .collect();
    client.send_bytes(&frames).await;
    for number in 0..500 {
        client.expect_text(&number.to_string()).await;
    }
}

// ---- sizes -------------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn messages_up_to_the_limit_are_echoed() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/frames/bytes").await;
    for size in [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 128 * 1024, 1024 * 1024] {
        let message = vec![7; size];
        client.send(message.as_slice()).await;
        client.expect(message).await;
    }
}

#[tokio::test]
async fn message_above_the_limit_closes_with_1009() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/frames/bytes").await;
    client.send(vec![7; 1024 * 1024 + 1]).await;
    client
        .expect_close(1009, "too big: over Limits::max_message_size or Limits::max_frame_size")
        .await;
}

#[tokio::test]
async fn limit_of_an_app_is_exact() {
    let limits = Limits::default().max_message_size(10).max_frame_size(6);
    let server = Server::start(App::new().limits(limits)).await;

    let mut client = server.raw("/frames/bytes").await;
    client.send(FIN | BINARY, [7; 6]).await;
    client.expect(FIN | BINARY, [7; 6]).await;
    client.send(BINARY, [7; 6]).await;
    client.send(FIN | CONTINUATION, [7; 4]).await;
    client.expect(FIN | BINARY, [7; 10]).await;
    client.send(FIN | BINARY, [7; 7]).await;
    client.expect_close_code(1009).await;
    client.expect_end().await;

    let mut client = server.raw("/frames/bytes").await;
    client.send(BINARY, [7; 6]).await;
    client.send(FIN | CONTINUATION, [7; 5]).await;
    client.expect_close_code(1009).await;
    client.expect_end().await;
}

#[tokio::test]
async fn size_is_decided_from_the_header_alone() {
    let server = Server::start(App::new()).await;
    for length in [1024 * 1024 + 1, 1 << 40, 1 << 62] {
        let mut client = server.raw("/frames/bytes").await;
        client.announce(FIN | BINARY, length).await;
        client.expect_close_code(1009).await;
        client.expect_end().await;
    }
}

// ---- extensions --------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn offer_of_permessage_deflate_is_ignored() {
    let server = Server::start(App::new()).await;
    let offer = "permessage-deflate; client_max_window_bits";
    let request = Request::upgrade("/frames/text").header("sec-websocket-extensions", offer);
    let mut client = request.raw(&server).await;
    assert_eq!(client.response().header("sec-websocket-extensions"), None);
    client.expect_text("hello").await;
    client.send_text("plain").await;
    client.expect_text("plain").await;
}
