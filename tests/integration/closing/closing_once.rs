//! The close handler runs exactly once for every connection whose connect handler ran to its end, whatever ended it.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{BINARY, CLOSE, FIN, Fixture, Gate, Probe, RawClient, Server, TEXT, close_payload, frame};

static ONCE: SubRouter = SubRouter::new("/once");

#[websocket("/", on = "connect", router = ONCE)]
fn connect() -> &'static str {
    "connected"
}

#[websocket("/", on = "message", router = ONCE)]
async fn message(ws: WebSocketConnector, msg: &str, gate: Global<Gate>) -> Result<String, HandlerError> {
    match msg {
        "close" => ws.close_with(4000, "because"),
        "fail" => return Err("a failure".into()),
        "fail with a code" => return Err(HandlerError::close(4001, "failed")),
        "panic" => panic!("a panic of the test"),
        "panic later" => {
            tokio::task::yield_now().await;
            panic!("a panic of the test")
        }
        "wait" => {
            ws.sync_send("waiting")?;
            gate.pass().await;
        }
        _ => {}
    }
    Ok(msg.to_owned())
}

#[websocket("/", on = "close", router = ONCE)]
fn close(ws: WebSocketConnector, reason: &CloseReason, probe: Global<Probe>) {
    assert!(!ws.is_open(), "a connection that ends is not open");
    probe.note(format!("{reason:?}"));
}

async fn start(limits: Limits) -> Fixture {
    Fixture::start(&ONCE, limits).await
}

async fn raw_client(server: &Server) -> RawClient {
    let mut client = server.raw("/once").await;
    client.expect_text("connected").await;
    client
}

/// Checks that the close handler ran with this reason, and that it never runs again.
async fn expect_once(mut fixture: Fixture, reason: &str) {
    fixture.seen.expect(reason).await;
    assert_eq!(fixture.server.hub().count(), 0);
    fixture.server.settle().await;
    assert_eq!(fixture.seen.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn close_handler_runs_once_when_the_client_closes() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    client.send(FIN | CLOSE, close_payload(1000, "done")).await;
    client.expect_close(1000, "").await;
    client.expect_end().await;
    // A second Close, and the end of TCP, are no second end.
    client.send(FIN | CLOSE, close_payload(1000, "again")).await;
    drop(client);
    expect_once(fixture, r#"Client { code: 1000, reason: "done" }"#).await;
}

#[tokio::test]
async fn close_handler_runs_once_when_the_server_closes() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    client.send_text("close").await;
    client.expect_text("close").await;
    client.expect_close(4000, "because").await;
    client.send(FIN | CLOSE, close_payload(4000, "because")).await;
    client.expect_end().await;
    expect_once(fixture, r#"Server { code: 4000, reason: "because" }"#).await;
}

#[tokio::test]
async fn close_handler_runs_once_when_both_sides_close_at_once() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    let both = [
        frame(FIN | TEXT, "close"),
        frame(FIN | CLOSE, close_payload(1000, "too")),
    ]
    .concat();
    client.send_bytes(&both).await;
    client.expect_text("close").await;
    let mut fixture = fixture;
    let first = fixture.seen.next().await;
    let ours = r#"Server { code: 4000, reason: "because" }"#;
    let theirs = r#"Client { code: 1000, reason: "too" }"#;
    assert!(first == ours || first == theirs, "{first}");
    client.expect_close_code(if first == ours { 4000 } else { 1000 }).await;
    client.expect_end().await;
    fixture.server.settle().await;
    assert_eq!(fixture.seen.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn close_handler_runs_once_when_the_peer_vanishes() {
    let fixture = start(Limits::default()).await;
    drop(raw_client(&fixture.server).await);
    expect_once(fixture, "Abnormal").await;
}

#[tokio::test]
async fn close_handler_runs_once_when_the_peer_ends_its_half_of_tcp() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    client.half_close().await;
    client.expect_end_or_reset().await;
    expect_once(fixture, "Abnormal").await;
}

#[tokio::test]
async fn close_handler_runs_once_when_tcp_is_reset() {
    let fixture = start(Limits::default()).await;
    raw_client(&fixture.server).await.reset();
    expect_once(fixture, "Abnormal").await;
}

#[tokio::test]
async fn close_handler_runs_once_when_tcp_is_reset_in_the_middle_of_a_frame() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    let whole = frame(FIN | TEXT, "half of this");
    client.send_bytes(&whole[..whole.len() / 2]).await;
    client.reset();
    expect_once(fixture, "Abnormal").await;
}

#[tokio::test]
async fn close_handler_runs_once_when_the_peer_vanishes_while_a_handler_awaits() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    client.send_text("wait").await;
    client.expect_text("waiting").await;
    client.reset();
    fixture.gate.open();
    expect_once(fixture, "Abnormal").await;
}

#[tokio::test]
async fn close_handler_runs_once_when_a_handler_fails() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    client.send_text("fail").await;
    client.expect_close(1011, "").await;
    client.send(FIN | CLOSE, close_payload(1011, "")).await;
    client.expect_end().await;
    expect_once(fixture, "HandlerError").await;
}

#[tokio::test]
async fn close_handler_runs_once_when_a_handler_fails_with_a_code() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    client.send_text("fail with a code").await;
    client.expect_close(4001, "failed").await;
    client.send(FIN | CLOSE, close_payload(4001, "")).await;
    client.expect_end().await;
    expect_once(fixture, "HandlerError").await;
}

#[tokio::test]
async fn close_handler_runs_once_when_a_handler_panics_and_the_endpoint_goes_on() {
    for text in ["panic", "panic later"] {
        let fixture = start(Limits::default()).await;
        let mut bystander = fixture.server.connect("/once").await;
        bystander.expect_text("connected").await;

        let mut client = fixture.server.connect("/once").await;
        client.expect_text("connected").await;
        client.send(text).await;
        client.expect_close(1011, "").await;

        bystander.ask("still here", "still here").await;
        let mut later = fixture.server.connect("/once").await;
        later.expect_text("connected").await;
        later.leave().await;
        bystander.leave().await;

        let mut seen = fixture.seen;
        let left = r#"Client { code: 1000, reason: "" }"#;
        for note in ["HandlerPanic", left, left] {
            seen.expect(note).await;
        }
        fixture.server.settle().await;
        assert_eq!(seen.rest(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn close_handler_runs_once_after_a_protocol_error() {
    let fixture = start(Limits::default()).await;
    let mut client = raw_client(&fixture.server).await;
    client.send_unmasked(FIN | TEXT, b"bare").await;
    client.expect_close_code(1002).await;
    client.expect_end().await;
    expect_once(fixture, "ProtocolError").await;
}

#[tokio::test]
async fn close_handler_runs_once_after_a_message_that_is_too_big() {
    let fixture = start(Limits::default().max_message_size(10)).await;
    let mut client = raw_client(&fixture.server).await;
    client.send_text("eleven bytes").await;
    let reason = client.expect_close_code(1009).await;
    assert_eq!(
        reason,
        "too big: over Limits::max_message_size or Limits::max_frame_size"
    );
    client.expect_end().await;
    expect_once(fixture, "MessageTooBig").await;
}

#[tokio::test]
async fn close_handler_runs_once_after_an_invalid_payload() {
    for (first, payload, code) in [(TEXT, [0xff], 1007), (BINARY, [0xff], 1003)] {
        let fixture = start(Limits::default()).await;
        let mut client = raw_client(&fixture.server).await;
        client.send(FIN | first, payload).await;
        client.expect_close_code(code).await;
        client.send(FIN | CLOSE, close_payload(code, "")).await;
        client.expect_end().await;
        expect_once(fixture, "InvalidPayload").await;
    }
}

#[tokio::test]
async fn close_handler_runs_once_when_the_server_shuts_down() {
    let fixture = start(Limits::default()).await;
    let mut client = fixture.server.connect("/once").await;
    client.expect_text("connected").await;
    let shutdown = fixture.server.shutdown().clone();
    let drain = tokio::spawn(async move { shutdown.drain(Duration::from_secs(5)).await });
    client.expect_close(1001, "the server shuts down").await;
    let drained = drain.await.expect("the drain ends");
    assert_eq!((drained.closed, drained.cut), (1, 0));
    expect_once(fixture, "Shutdown").await;
}
