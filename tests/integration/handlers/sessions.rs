//! Session handlers: those that own the socket.

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, PING, PONG, Probe, Seen, Server, TEXT, close_payload, frame, probe};
use serde::{Deserialize, Serialize};

#[websocket("/sessions/echo")]
async fn echo(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        let text = socket.receive_text().await?;
        socket.send_text(format!("Echo: {text}")).await?;
    }
}

#[tokio::test]
async fn session_handler_echoes_until_the_client_leaves() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/sessions/echo").await;
    client.ask("hi", "Echo: hi").await;
    client.ask(b"bytes", "Echo: bytes").await;
    client.close(4000, "done").await;
    client.expect_close(4000, "").await;
}

#[tokio::test]
async fn pings_are_answered_while_a_session_awaits() {
    let server = Server::start(App::new()).await;
    let mut client = server.raw("/sessions/echo").await;
    client.send(FIN | PING, "there?").await;
    client.expect(FIN | PONG, "there?").await;
    client.send_text("still").await;
    client.expect_text("Echo: still").await;
}

// ---- its end ---------------------------------------------------------------------------------------------------------------

static ENDS: SubRouter = SubRouter::new("/sessions/ends");

#[websocket("/", on = "connect", router = ENDS)]
fn greet() -> &'static str {
    "greeting"
}

#[websocket("/", router = ENDS)]
async fn session(mut socket: WebSocket, probe: Global<Probe>) -> Result<Option<&'static str>, HandlerError> {
    loop {
        let text = match socket.receive_text().await {
            Ok(text) => text,
            Err(end) => {
                probe.note(format!("disconnected with {}: {}", end.code, end.reason));
                return Err(end.into());
            }
        };
        match text.as_str() {
            "return" => return Ok(None),
            "return a text" => return Ok(Some("last words")),
            "fail" => return Err("a failure".into()),
            "fail with a code" => return Err(HandlerError::close(4001, "failed")),
            "panic" => panic!("a panic of the test"),
            "close" => {
                socket.close().await?;
                return Ok(Some("closing"));
            }
            "close and return" => {
                socket.close_with(4003, "my own code");
                return Ok(None);
            }
            "close and go on" => {
                socket.close_with(4002, "enough");
                let sent = socket.send_text("too late").await;
                probe.note(format!("{:?}", sent.map_err(|end| (end.code, end.reason))));
            }
            other => socket.send_text(other).await?,
        }
    }
}

#[websocket("/", on = "close", router = ENDS)]
fn close(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

async fn start() -> (Server, Seen) {
    let (probe, seen) = probe();
    (
        Server::start(App::new().inject_global(probe).include_router(&ENDS)).await,
        seen,
    )
}

#[tokio::test]
async fn session_handler_that_returns_closes_with_1000() {
    let (server, mut seen) = start().await;
    let mut client = server.connect("/sessions/ends").await;
    client.expect_text("greeting").await;
    client.ask("hello", "hello").await;
    client.send("return").await;
    client.expect_close(1000, "").await;
    seen.expect(r#"Server { code: 1000, reason: "" }"#).await;
}

#[tokio::test]
async fn what_a_session_handler_returns_is_sent_before_the_close() {
    let (server, _seen) = start().await;
    for (text, answer) in [("return a text", "last words"), ("close", "closing")] {
        let mut client = server.connect("/sessions/ends").await;
        client.expect_text("greeting").await;
        client.ask(text, answer).await;
        client.expect_close(1000, "").await;
    }
}

#[tokio::test]
async fn close_of_a_session_that_returns_at_once_has_its_own_code() {
    let (server, mut seen) = start().await;
    let mut client = server.connect("/sessions/ends").await;
    client.expect_text("greeting").await;
    client.send("close and return").await;
    client.expect_close(4003, "my own code").await;
    seen.expect(r#"Server { code: 4003, reason: "my own code" }"#).await;
}

#[tokio::test]
async fn session_handler_that_fails_closes_with_1011_or_its_own_code() {
    let (server, mut seen) = start().await;
    for (text, code, why, reason) in [
        ("fail", 1011, "", "HandlerError"),
        ("fail with a code", 4001, "failed", "HandlerError"),
        ("panic", 1011, "", "HandlerPanic"),
    ] {
        let mut client = server.connect("/sessions/ends").await;
        client.expect_text("greeting").await;
        client.send(text).await;
        client.expect_close(code, why).await;
        seen.expect(reason).await;
    }
}

#[tokio::test]
async fn disconnected_has_the_clients_code_and_reason_and_is_a_normal_end() {
    let (server, mut seen) = start().await;
    let mut client = server.connect("/sessions/ends").await;
    client.expect_text("greeting").await;
    client.close(4000, "done").await;
    client.expect_close(4000, "").await;
    seen.expect("disconnected with 4000: done").await;
    seen.expect(r#"Client { code: 4000, reason: "done" }"#).await;

    let mut client = server.raw("/sessions/ends").await;
    client.expect_text("greeting").await;
    client.send(FIN | CLOSE, "").await;
    client.expect_close(1000, "").await;
    seen.expect("disconnected with 1005: ").await;
    seen.expect(r#"Client { code: 1005, reason: "" }"#).await;

    let mut client = server.raw("/sessions/ends").await;
    client.expect_text("greeting").await;
    client.send(FIN | CLOSE, close_payload(1001, "")).await;
    client.expect_close(1001, "").await;
    seen.expect("disconnected with 1001: ").await;
    seen.expect(r#"Client { code: 1001, reason: "" }"#).await;
}

#[tokio::test]
async fn lost_peer_is_disconnected_with_1006() {
    let (server, mut seen) = start().await;
    let mut client = server.raw("/sessions/ends").await;
    client.expect_text("greeting").await;
    client.reset();
    assert!(seen.next().await.starts_with("disconnected with 1006"));
    seen.expect("Abnormal").await;
}

#[tokio::test]
async fn session_is_told_of_its_own_close_and_messages_before_it_are_not_lost() {
    let (server, mut seen) = start().await;
    let mut client = server.connect("/sessions/ends").await;
    client.expect_text("greeting").await;
    client.send("before").await;
    client.send("close and go on").await;
    client.expect_text("before").await;
    client.expect_close(4002, "enough").await;
    seen.expect(r#"Err((4002, "enough"))"#).await;
    seen.expect("disconnected with 4002: enough").await;
    seen.expect(r#"Server { code: 4002, reason: "enough" }"#).await;
}

#[tokio::test]
async fn messages_ahead_of_the_clients_close_are_received_before_it() {
    let (server, mut seen) = start().await;
    let mut client = server.connect("/sessions/ends").await;
    client.expect_text("greeting").await;
    for number in 0..10 {
        client.send(number.to_string()).await;
    }
    client.close(1000, "").await;
    for number in 0..10 {
        client.expect_text(&number.to_string()).await;
    }
    client.expect_close(1000, "").await;
    seen.expect("disconnected with 1000: ").await;
}

#[tokio::test]
async fn drain_ends_a_session_in_order() {
    let (server, mut seen) = start().await;
    let mut client = server.connect("/sessions/ends").await;
    client.expect_text("greeting").await;
    let (drained, ()) = tokio::join!(
        server.shutdown().drain(robyn_ws_tests::PATIENCE),
        client.expect_close(1001, "the server shuts down")
    );
    assert_eq!((drained.closed, drained.cut), (1, 0));
    seen.expect("disconnected with 1001: the server shuts down").await;
    seen.expect("Shutdown").await;
}

// ---- receiving and sending -----------------------------------------------------------------------------------------------------

#[derive(Deserialize, Serialize)]
struct Point {
    x: i32,
}

#[derive(Deserialize)]
struct Room {
    room: String,
}

#[websocket("/sessions/forms")]
async fn forms(mut socket: WebSocket, Query(room): Query<Room>) -> Result<(), Disconnected> {
    let room_again = socket.query_params().get("room").unwrap_or_default().to_owned();
    socket.send_text(format!("{} {room_again}", room.room)).await?;
    let same = socket.id() == socket.connector().id();
    socket.send_json(&same).await?;
    let bytes = socket.receive_bytes().await?;
    socket.send_bytes(bytes).await?;
    let Point { x } = socket.receive_json().await?;
    socket.send_json(&Point { x: x + 1 }).await?;
    let message = socket.receive().await?;
    socket.send(message).await?;
    let delivery = socket.broadcast("to all").await;
    socket.send_text(delivery.queued.to_string()).await?;
    socket.receive_json::<Point>().await?;
    unreachable!("the test sends bad JSON")
}

#[tokio::test]
async fn session_receives_and_sends_in_every_form() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/sessions/forms?room=red").await;
    client.expect_texts(&["red red", "true"]).await;
    client.send([0xff, 0]).await;
    client.expect([0xff, 0]).await;
    client.ask(r#"{"x":1}"#, r#"{"x":2}"#).await;
    client.send(b"binary").await;
    client.expect(b"binary").await;
    client.expect_texts(&["to all", "1"]).await;
    client.send("{").await;
    client
        .expect_close(1007, "invalid JSON: EOF while parsing an object at line 1 column 1")
        .await;
    server.refused("/sessions/forms").await.expect(400, "room");
}

#[tokio::test]
async fn binary_that_is_no_utf8_closes_a_session_that_receives_text_with_1003() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/sessions/echo").await;
    client.send([0xff]).await;
    client
        .expect_close(1003, "text expected, but the message is binary and not valid UTF-8")
        .await;
}

#[derive(Default, ConnectionState)]
struct Count(u32);

#[websocket("/sessions/state", on = "connect")]
fn start_counting(count: &mut Count) {
    count.0 = 10;
}

#[websocket("/sessions/state")]
async fn count(mut socket: WebSocket, ws: WebSocketConnector, count: &mut Count) -> Result<(), Disconnected> {
    while socket.receive().await.is_ok() {
        count.0 += 1;
        ws.async_send(count.0.to_string()).await.ok();
    }
    Ok(())
}

#[websocket("/sessions/state", on = "close")]
fn stop_counting(count: &Count) -> String {
    format!("counted to {}", count.0)
}

#[tokio::test]
async fn session_shares_the_state_with_connect_and_close() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/sessions/state").await;
    client.ask("one", "11").await;
    client.ask("two", "12").await;
    client.close(1000, "").await;
    client.expect_text("counted to 12").await;
    client.expect_close(1000, "").await;
}

#[websocket("/sessions/talk")]
async fn talk_first(mut socket: WebSocket) -> &'static str {
    for number in 0..3 {
        socket.send_text(number.to_string()).await.ok();
    }
    "bye"
}

#[tokio::test]
async fn session_may_talk_first_and_return_a_reply() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/sessions/talk").await;
    client.expect_texts(&["0", "1", "2", "bye"]).await;
    client.expect_close(1000, "").await;
}

#[websocket("/sessions/moved")]
async fn moved(mut socket: WebSocket) -> Result<(), Disconnected> {
    let elsewhere = tokio::spawn(async move {
        loop {
            let text = socket.receive_text().await?;
            socket.send_text(text).await?;
        }
    });
    elsewhere.await.expect("the task")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn socket_that_moved_to_another_task_never_stalls() {
    let server = Server::start(App::new().limits(Limits::default().max_read_ahead(1))).await;
    for _round in 0..50 {
        let mut client = server.raw("/sessions/moved").await;
        client.send_bytes(&frame(FIN | TEXT, "x").repeat(200)).await;
        for _message in 0..200 {
            client.expect_text("x").await;
        }
    }
}
