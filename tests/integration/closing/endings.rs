//! Ends that are not told as a reason elsewhere: time, rates, and handlers that do not end.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, Gate, PING, PONG, Probe, Seen, Server, close_payload, probe, within};

static ENDINGS: SubRouter = SubRouter::new("/endings");

#[websocket("/", on = "connect", router = ENDINGS)]
fn connect() -> &'static str {
    "connected"
}

#[websocket("/", on = "message", router = ENDINGS)]
fn message(msg: &str) -> &str {
    msg
}

#[websocket("/", on = "close", router = ENDINGS)]
fn close(reason: CloseReason, probe: Global<Probe>) -> &'static str {
    probe.note(format!("{reason:?}"));
    "goodbye"
}

async fn start(limits: Limits) -> (Server, Seen) {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).include_router(&ENDINGS).limits(limits);
    (Server::start(app).await, seen)
}

const TENTH: Duration = Duration::from_millis(100);

#[tokio::test]
async fn client_that_sends_nothing_for_the_idle_timeout_is_closed_with_1001() {
    let (server, mut seen) = start(Limits::default().idle_timeout(TENTH)).await;
    let mut client = server.connect("/endings").await;
    client.expect_texts(&["connected", "goodbye"]).await;
    client.expect_close(1001, "idle: over Limits::idle_timeout").await;
    seen.expect("IdleTimeout").await;
}

#[tokio::test]
async fn pings_and_pongs_do_not_keep_an_idle_client() {
    // A client on a loaded machine answers late, and is not lost.
    let limits = Limits::default()
        .heartbeat_interval(TENTH / 2)
        .max_missed_heartbeats(1000);
    let limits = limits.idle_timeout(3 * TENTH);
    let (server, mut seen) = start(limits).await;
    let mut client = server.raw("/endings").await;
    client.expect_text("connected").await;
    let reason = loop {
        match client.next().await {
            (first, payload) if first == FIN | PING => client.send(FIN | PONG, payload).await,
            (first, payload) if first == FIN | CLOSE => break payload,
            (_, payload) => assert_eq!(payload, b"goodbye"),
        }
    };
    assert_eq!(reason, close_payload(1001, "idle: over Limits::idle_timeout"));
    seen.expect("IdleTimeout").await;
}

#[tokio::test]
async fn quiet_client_is_pinged_and_lost_without_a_close_frame_when_no_pong_comes() {
    let (server, mut seen) = start(Limits::default().heartbeat_interval(TENTH)).await;
    let mut client = server.raw("/endings").await;
    client.expect_text("connected").await;
    client.expect(FIN | PING, "").await;
    seen.expect("HeartbeatTimeout").await;
    client.expect_end_or_reset().await;
}

#[tokio::test]
async fn client_that_answers_pings_stays() {
    // It is lost after 2.5 s, since on a loaded machine it answers late.
    let limits = Limits::default()
        .heartbeat_interval(TENTH / 2)
        .max_missed_heartbeats(50);
    let (server, mut seen) = start(limits).await;
    let mut client = server.raw("/endings").await;
    client.expect_text("connected").await;
    for _ in 0..55 {
        client.expect(FIN | PING, "").await;
        client.send(FIN | PONG, "").await;
    }
    client.send_text("still here").await;
    client.expect_text("still here").await;
    assert_eq!(seen.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn too_many_messages_per_second_close_with_1008() {
    let (server, mut seen) = start(Limits::default().max_messages_per_second(3)).await;
    let mut client = server.connect("/endings").await;
    client.expect_text("connected").await;
    for number in 0..10 {
        client.send(number.to_string()).await;
    }
    client.expect_texts(&["0", "1", "2", "goodbye"]).await;
    client
        .expect_close(1008, "too many messages: over Limits::max_messages_per_second")
        .await;
    seen.expect("RateLimited").await;
}

// ---- handlers that do not end ------------------------------------------------------------------------------------------

static ENDLESS: SubRouter = SubRouter::new("/endings/endless");

/// Notes when it is dropped.
struct Dropped(Probe);

impl Drop for Dropped {
    fn drop(&mut self) {
        self.0.note("dropped");
    }
}

#[websocket("/message", on = "message", router = ENDLESS)]
async fn endless_message(ws: WebSocketConnector, probe: Global<Probe>) -> Result<(), SendError> {
    let _dropped = Dropped((*probe).clone());
    ws.sync_send("begun")?;
    std::future::pending().await
}

#[websocket("/message", on = "close", router = ENDLESS)]
async fn close_after_message(reason: CloseReason, probe: Global<Probe>) {
    // It has a grace of its own: the message handler has used up its.
    tokio::task::yield_now().await;
    probe.note(format!("{reason:?}"));
}

#[websocket("/connect", on = "connect", router = ENDLESS)]
async fn endless_connect(ws: WebSocketConnector, probe: Global<Probe>) -> Result<(), SendError> {
    let _dropped = Dropped((*probe).clone());
    ws.sync_send("begun")?;
    std::future::pending().await
}

#[websocket("/connect", on = "close", router = ENDLESS)]
fn close_after_connect(probe: Global<Probe>) {
    probe.note("the close handler ran");
}

#[websocket("/close", on = "close", router = ENDLESS)]
async fn endless_close(probe: Global<Probe>) {
    let _dropped = Dropped((*probe).clone());
    probe.note("begun");
    std::future::pending::<()>().await;
}

async fn endless() -> (Server, Seen) {
    let (probe, seen) = probe();
    let limits = Limits::default().handler_grace(TENTH);
    let app = App::new().inject_global(probe).include_router(&ENDLESS).limits(limits);
    (Server::start(app).await, seen)
}

#[tokio::test]
async fn message_handler_that_never_returns_is_dropped_after_its_grace_and_close_runs() {
    let (server, mut seen) = endless().await;
    let mut client = server.connect("/endings/endless/message").await;
    client.ask("go", "begun").await;
    client.close(1000, "").await;
    seen.expect("dropped").await;
    seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
    client.expect_close(1000, "").await;
}

#[tokio::test]
async fn connect_handler_that_did_not_run_to_its_end_has_no_close_handler() {
    let (server, mut seen) = endless().await;
    let mut client = server.connect("/endings/endless/connect").await;
    client.expect_text("begun").await;
    client.close(1000, "").await;
    seen.expect("dropped").await;
    client.expect_close(1000, "").await;
    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn close_handler_that_never_returns_is_dropped_after_its_grace() {
    let (server, mut seen) = endless().await;
    let mut client = server.connect("/endings/endless/close").await;
    client.close(1000, "").await;
    seen.expect("begun").await;
    seen.expect("dropped").await;
    client.expect_close(1000, "").await;
    within("the last task to end", server.settle()).await;
}

// ---- connect and close handlers that fail ------------------------------------------------------------------------------

static FAILING: SubRouter = SubRouter::new("/endings/failing");

#[websocket("/connect_error", on = "connect", router = FAILING)]
fn failing_connect() -> Result<(), HandlerError> {
    Err("no way".into())
}

#[websocket("/connect_panic", on = "connect", router = FAILING)]
fn panicking_connect() {
    panic!("a panic of the test");
}

#[websocket("/connect_error", on = "close", router = FAILING)]
#[websocket("/connect_panic", on = "close", router = FAILING)]
fn close_after_failure(reason: CloseReason, probe: Global<Probe>) -> &'static str {
    probe.note(format!("{reason:?}"));
    "goodbye"
}

#[websocket("/close_error", on = "close", router = FAILING)]
fn failing_close() -> Result<(), HandlerError> {
    Err("no way".into())
}

#[websocket("/close_panic", on = "close", router = FAILING)]
async fn panicking_close() {
    tokio::task::yield_now().await;
    panic!("a panic of the test");
}

#[tokio::test]
async fn connect_handler_that_fails_closes_with_1011_and_close_runs() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&FAILING)).await;
    for (path, reason) in [
        ("/endings/failing/connect_error", "HandlerError"),
        ("/endings/failing/connect_panic", "HandlerPanic"),
    ] {
        let mut client = server.connect(path).await;
        client.expect_text("goodbye").await;
        client.expect_close(1011, "").await;
        seen.expect(reason).await;
    }
}

#[tokio::test]
async fn close_handler_that_fails_does_not_change_the_answer_to_the_client() {
    let (probe, _seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&FAILING)).await;
    for path in ["/endings/failing/close_error", "/endings/failing/close_panic"] {
        let mut client = server.connect(path).await;
        client.close(1000, "").await;
        client.expect_close(1000, "").await;
    }
}

// ---- the handler that runs while the client closes ---------------------------------------------------------------------

static RUNNING: SubRouter = SubRouter::new("/endings/running");

#[websocket("/", on = "message", router = RUNNING)]
async fn running(ws: WebSocketConnector, gate: Global<Gate>, probe: Global<Probe>) -> Result<&'static str, SendError> {
    ws.sync_send("begun")?;
    ws.closed().await;
    probe.note(format!("open: {}", ws.is_open()));
    gate.pass().await;
    ws.async_send("sent after the client's Close").await?;
    Ok("returned after the client's Close")
}

#[tokio::test]
async fn handler_in_progress_at_the_clients_close_may_still_send_until_it_returns() {
    let (gate, (probe, mut seen)) = (Gate::default(), probe());
    let app = App::new()
        .inject_global(gate.clone())
        .inject_global(probe)
        .include_router(&RUNNING);
    let server = Server::start(app).await;
    let mut client = server.connect("/endings/running").await;
    client.ask("go", "begun").await;
    client.close(1000, "").await;
    seen.expect("open: false").await;
    assert_eq!(server.hub().endpoint("/endings/running").count(), 0);
    gate.open();
    client.expect_text("sent after the client's Close").await;
    client.expect_text("returned after the client's Close").await;
    client.expect_close(1000, "").await;
}
