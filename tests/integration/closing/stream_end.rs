//! What was received before the end is handled before it; and time that does not count.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, Fixture, Gate, PING, Probe, Request, TEXT, close_payload, frame, until};

static STREAM: SubRouter = SubRouter::new("/stream_end");

#[websocket("/gated", on = "connect", router = STREAM)]
async fn gated_connect(gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    probe.note("connecting");
    gate.pass().await;
    "connected"
}

#[websocket("/plain", on = "connect", router = STREAM)]
fn connect() -> &'static str {
    "connected"
}

#[websocket("/gated", on = "message", router = STREAM)]
#[websocket("/plain", on = "message", router = STREAM)]
async fn message(msg: String, probe: Global<Probe>, gate: Global<Gate>) -> String {
    if msg == "wait" {
        gate.pass().await;
    }
    probe.note(&msg);
    msg
}

#[websocket("/gated", on = "close", router = STREAM)]
#[websocket("/plain", on = "close", router = STREAM)]
fn close(reason: CloseReason, probe: Global<Probe>) -> &'static str {
    probe.note(format!("{reason:?}"));
    "goodbye"
}

#[websocket("/session", on = "connect", router = STREAM)]
async fn session_connect(gate: Global<Gate>, probe: Global<Probe>) {
    probe.note("connecting");
    gate.pass().await;
}

#[websocket("/session", router = STREAM)]
async fn session(mut socket: WebSocket, probe: Global<Probe>) {
    loop {
        match socket.receive_text().await {
            Ok(text) => probe.note(text),
            Err(end) => return probe.note(format!("disconnected with {}", end.code)),
        }
    }
}

async fn start(limits: Limits) -> Fixture {
    Fixture::start(&STREAM, limits).await
}

/// Two messages and the client's Close.
fn two_messages_and_close() -> Vec<u8> {
    [
        frame(FIN | TEXT, "one"),
        frame(FIN | TEXT, "two"),
        frame(FIN | CLOSE, close_payload(1000, "done")),
    ]
    .concat()
}

const DONE: &str = r#"Client { code: 1000, reason: "done" }"#;

#[tokio::test]
async fn messages_and_close_sent_with_the_upgrade_request_are_handled_in_order() {
    let mut fixture = start(Limits::default()).await;
    let request = Request::upgrade("/stream_end/plain");
    let mut client = request.raw_with(&fixture.server, &two_messages_and_close()).await;
    for text in ["connected", "one", "two", "goodbye"] {
        client.expect_text(text).await;
    }
    client.expect_close(1000, "").await;
    client.expect_end().await;
    for note in ["one", "two", DONE] {
        fixture.seen.expect(note).await;
    }
}

#[tokio::test]
async fn messages_ahead_of_a_close_are_handled_although_connect_still_ran() {
    let mut fixture = start(Limits::default()).await;
    let mut client = fixture.server.raw("/stream_end/gated").await;
    fixture.seen.expect("connecting").await;
    client.send_bytes(&two_messages_and_close()).await;
    let endpoint = fixture.server.hub().endpoint("/stream_end/gated");
    until("the end to be read", || endpoint.count() == 0).await;
    fixture.gate.open();
    for text in ["connected", "one", "two", "goodbye"] {
        client.expect_text(text).await;
    }
    client.expect_close(1000, "").await;
    for note in ["one", "two", DONE] {
        fixture.seen.expect(note).await;
    }
}

#[tokio::test]
async fn session_receives_what_came_ahead_of_a_close_although_connect_still_ran() {
    let mut fixture = start(Limits::default()).await;
    let mut client = fixture.server.raw("/stream_end/session").await;
    fixture.seen.expect("connecting").await;
    client.send_bytes(&two_messages_and_close()).await;
    let endpoint = fixture.server.hub().endpoint("/stream_end/session");
    until("the end to be read", || endpoint.count() == 0).await;
    fixture.gate.open();
    client.expect_close(1000, "").await;
    for note in ["one", "two", "disconnected with 1000"] {
        fixture.seen.expect(note).await;
    }
}

#[tokio::test]
async fn messages_ahead_of_the_end_of_tcp_are_handled_before_it() {
    let mut fixture = start(Limits::default()).await;
    let mut client = fixture.server.raw("/stream_end/plain").await;
    client.expect_text("connected").await;
    client.send_text("wait").await;
    client.send_text("one").await;
    client.half_close().await;
    let endpoint = fixture.server.hub().endpoint("/stream_end/plain");
    until("the end to be read", || endpoint.count() == 0).await;
    fixture.gate.open();
    for note in ["wait", "one", "Abnormal"] {
        fixture.seen.expect(note).await;
    }
}

#[tokio::test]
async fn dead_peer_clock_stands_still_while_we_do_not_read() {
    let limits = Limits::default()
        .max_read_ahead(1)
        .heartbeat_interval(Duration::from_millis(50));
    let mut fixture = start(limits).await;
    let mut client = fixture.server.raw("/stream_end/plain").await;
    client.expect_text("connected").await;
    let three = ["wait", "one", "two"].map(|text| frame(FIN | TEXT, text));
    client.send_bytes(&three.concat()).await;
    // Ten heartbeats pass, in which the client's silence is ours.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(fixture.seen.rest(), Vec::<String>::new());
    fixture.gate.open();
    for text in ["wait", "one", "two"] {
        let frame = loop {
            match client.next().await {
                (first, _) if first == FIN | PING => {}
                (_, payload) => break payload,
            }
        };
        assert_eq!(frame, text.as_bytes());
        fixture.seen.expect(text).await;
    }
    // From now on it is the client that is silent.
    fixture.seen.expect("HeartbeatTimeout").await;
}
