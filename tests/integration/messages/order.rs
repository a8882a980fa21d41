//! One message at a time and in order; and what goes on while a handler awaits.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{FIN, Fixture, Gate, PING, PONG, Probe, TEXT, frame};

static ORDER: SubRouter = SubRouter::new("/order");

/// Without an order of its own: the first waits, the others would overtake it.
#[websocket("/wait", on = "message", router = ORDER)]
async fn wait(msg: String, gate: Global<Gate>, probe: Global<Probe>) -> String {
    probe.note(format!("begin {msg}"));
    if msg.starts_with("wait") {
        gate.pass().await;
    }
    probe.note(format!("end {msg}"));
    msg
}

#[websocket("/blocking", on = "message", router = ORDER, blocking)]
fn block(msg: String, gate: Global<Gate>, probe: Global<Probe>) -> String {
    probe.note(format!("begin {msg}"));
    if msg.starts_with("wait") {
        gate.pass_blocking();
    }
    probe.note(format!("end {msg}"));
    msg
}

async fn start(limits: Limits) -> Fixture {
    Fixture::start(&ORDER, limits).await
}

const BOTH: [&str; 2] = ["/order/wait", "/order/blocking"];

#[tokio::test]
async fn messages_are_handled_one_at_a_time_in_the_order_received() {
    for path in BOTH {
        let Fixture { server, gate, mut seen } = start(Limits::default()).await;
        let mut client = server.connect(path).await;
        client.send("wait").await;
        client.send("second").await;
        client.send("third").await;
        seen.expect("begin wait").await;
        gate.open();
        client.expect_texts(&["wait", "second", "third"]).await;
        for note in ["end wait", "begin second", "end second", "begin third", "end third"] {
            seen.expect(note).await;
        }
    }
}

#[tokio::test]
async fn handlers_of_different_connections_run_at_the_same_time() {
    for path in BOTH {
        let Fixture { server, gate, mut seen } = start(Limits::default()).await;
        let mut waiting = server.connect(path).await;
        waiting.send("wait").await;
        seen.expect("begin wait").await;
        let mut other = server.connect(path).await;
        other.ask("other", "other").await;
        seen.expect("begin other").await;
        seen.expect("end other").await;
        gate.open();
        waiting.expect_text("wait").await;
    }
}

#[tokio::test]
async fn pings_are_answered_while_a_handler_awaits() {
    for path in BOTH {
        let Fixture { server, gate, mut seen } = start(Limits::default()).await;
        let mut client = server.connect(path).await;
        client.send("wait").await;
        seen.expect("begin wait").await;
        client.ping(b"are you there").await;
        client.expect_pong(b"are you there").await;
        gate.open();
        client.expect_text("wait").await;
    }
}

#[tokio::test]
async fn broadcasts_arrive_while_a_handler_awaits() {
    for path in BOTH {
        let Fixture { server, gate, mut seen } = start(Limits::default()).await;
        let mut client = server.connect(path).await;
        client.send("wait").await;
        seen.expect("begin wait").await;
        assert_eq!(server.hub().endpoint(path).sync_broadcast("news").queued, 1);
        client.expect_text("news").await;
        gate.open();
        client.expect_text("wait").await;
    }
}

#[tokio::test]
async fn pings_and_broadcasts_arrive_in_order_of_their_coming_while_messages_wait() {
    let Fixture { server, gate, mut seen } = start(Limits::default()).await;
    let mut client = server.raw("/order/wait").await;
    let pipelined = [
        frame(FIN | TEXT, "wait"),
        frame(FIN | TEXT, "second"),
        frame(FIN | PING, "after the second"),
    ];
    client.send_bytes(&pipelined.concat()).await;
    client.expect(FIN | PONG, "after the second").await;
    seen.expect("begin wait").await;
    gate.open();
    client.expect_text("wait").await;
    client.expect_text("second").await;
}

// ---- noticing the end while a handler awaits ---------------------------------------------------------------------------

#[websocket("/notice", on = "message", router = ORDER)]
async fn notice(ws: WebSocketConnector, probe: Global<Probe>) -> Result<(), SendError> {
    ws.sync_send("begun")?;
    ws.closed().await;
    probe.note("the handler noticed");
    Ok(())
}

#[websocket("/notice", on = "close", router = ORDER)]
fn noticed(reason: CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

#[tokio::test]
async fn clients_close_is_noticed_while_a_handler_awaits() {
    let mut fixture = start(Limits::default()).await;
    let mut client = fixture.server.connect("/order/notice").await;
    client.ask("go", "begun").await;
    client.close(1000, "done").await;
    fixture.seen.expect("the handler noticed").await;
    fixture.seen.expect(r#"Client { code: 1000, reason: "done" }"#).await;
    client.expect_close(1000, "").await;
}

#[tokio::test]
async fn lost_peer_is_noticed_while_a_handler_awaits() {
    let mut fixture = start(Limits::default()).await;
    let mut client = fixture.server.raw("/order/notice").await;
    client.send_text("go").await;
    client.expect_text("begun").await;
    client.reset();
    fixture.seen.expect("the handler noticed").await;
    fixture.seen.expect("Abnormal").await;
}

#[tokio::test]
async fn close_from_outside_is_noticed_while_a_handler_awaits() {
    let mut fixture = start(Limits::default()).await;
    let mut client = fixture.server.connect("/order/notice").await;
    client.ask("go", "begun").await;
    let endpoint = fixture.server.hub().endpoint("/order/notice");
    let id = endpoint.ids()[0];
    endpoint.close_with(id, 4000, "out").expect("it is connected");
    fixture.seen.expect("the handler noticed").await;
    fixture.seen.expect(r#"Server { code: 4000, reason: "out" }"#).await;
    client.expect_close(4000, "out").await;
}

// ---- reading ahead -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn reading_ahead_is_bounded_and_nothing_is_lost() {
    const SIZE: usize = 64 * 1024;
    let limits = Limits::default().max_read_ahead(2).heartbeat_interval(None);
    let Fixture { server, gate, mut seen } = start(limits).await;
    let mut client = server.raw("/order/wait").await;
    client.send_text("wait").await;
    seen.expect("begin wait").await;

    // The kernel's buffers take some MiB. Then TCP pushes back, and sending does not go on.
    let block = frame(FIN | TEXT, "x".repeat(SIZE));
    let mut sent: usize = 0;
    let mut at = 0;
    while let Ok(written) = tokio::time::timeout(Duration::from_millis(500), client.send_some(&block[at..])).await {
        at += written;
        if at == block.len() {
            (at, sent) = (0, sent + 1);
        }
        assert!(sent < 1000, "64 MB were taken while the handler awaited");
    }

    gate.open();
    client.send_bytes(&block[at..]).await;
    client.expect_text("wait").await;
    for _ in 0..=sent {
        client.expect_text(&"x".repeat(SIZE)).await;
    }
}
