//! `Limits::handler_timeout`: a message handler that runs longer ends its connection with 1011, and nothing else does.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Gate, Probe, Seen, Server, probe, until};

static TIMED: SubRouter = SubRouter::new("/timed");

#[derive(Default, ConnectionState)]
struct Count(u32);

/// Notes that it was dropped.
struct Local(Global<Probe>);

impl Drop for Local {
    fn drop(&mut self) {
        self.0.note("the handler was dropped");
    }
}

#[websocket("/async", on = "message", router = TIMED)]
async fn wait(msg: String, count: &mut Count, gate: Global<Gate>, probe: Global<Probe>) -> String {
    count.0 += 1;
    if msg == "wait" {
        let _local = Local(probe.clone());
        gate.pass().await;
    }
    msg
}

#[websocket("/blocking", on = "message", router = TIMED, blocking)]
fn block(msg: String, count: &mut Count, gate: Global<Gate>) -> String {
    count.0 += 1;
    if msg == "wait" {
        gate.pass_blocking();
    }
    msg
}

#[websocket("/async", on = "close", router = TIMED)]
#[websocket("/blocking", on = "close", router = TIMED)]
fn close(reason: &CloseReason, count: &Count, probe: Global<Probe>) {
    probe.note(format!("{reason:?} {} after {}", reason.code(), count.0));
}

#[websocket("/others", on = "upgrade", router = TIMED)]
async fn slow_upgrade() {
    tokio::time::sleep(LONGER).await;
}

#[websocket("/others", on = "connect", router = TIMED)]
async fn slow_connect() -> &'static str {
    tokio::time::sleep(LONGER).await;
    "connected"
}

#[websocket("/others", router = TIMED)]
async fn slow_session(mut socket: WebSocket) -> Result<(), Disconnected> {
    tokio::time::sleep(LONGER).await;
    socket.send_text("in session").await?;
    socket.receive().await.map(drop)
}

#[websocket("/others", on = "close", router = TIMED)]
async fn slow_close(probe: Global<Probe>) {
    tokio::time::sleep(LONGER).await;
    probe.note("closed");
}

const LIMIT: Duration = Duration::from_millis(50);
const LONGER: Duration = Duration::from_millis(150);

fn brief() -> Limits {
    Limits::default().handler_timeout(LIMIT)
}

async fn start(limits: Limits) -> (Server, Seen, Gate) {
    let (probe, seen) = probe();
    let gate = Gate::default();
    let app = App::new().inject_global(probe).inject_global(gate.clone());
    let server = Server::start(app.include_router(&TIMED).limits(limits)).await;
    (server, seen, gate)
}

async fn nothing_more(server: &Server, seen: &mut Seen) {
    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new(), "a close handler ran twice");
}

#[tokio::test]
async fn asynchronous_message_handler_beyond_its_timeout_is_dropped_and_ends_its_connection_with_1011() {
    let (server, mut seen, _gate) = start(brief()).await;
    let mut client = server.connect("/timed/async").await;
    client.ask("well", "well").await;
    client.send("wait").await;
    client.expect_close(1011, "").await;
    seen.expect("the handler was dropped").await;
    seen.expect("HandlerTimeout 1011 after 2").await;
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn blocking_message_handler_beyond_its_timeout_ends_its_connection_with_1011_and_close_waits_for_its_thread() {
    let (server, mut seen, gate) = start(brief()).await;
    let mut client = server.connect("/timed/blocking").await;
    client.send("wait").await;
    client.expect_close(1011, "").await;
    let hub = server.hub();
    until("the connection to leave the hub", || hub.count() == 0).await;
    assert_eq!(seen.rest(), Vec::<String>::new(), "the thread has the state");
    gate.open();
    seen.expect("HandlerTimeout 1011 after 1").await;
    nothing_more(&server, &mut seen).await;
}

/// More messages than are read ahead.
async fn send_many(client: &mut Client) {
    for _ in 0..40 {
        client.send("wait").await;
    }
}

#[tokio::test]
async fn timeout_of_a_handler_counts_when_the_read_ahead_is_full() {
    let (server, mut seen, gate) = start(brief().max_read_ahead(2)).await;
    for kind in ["async", "blocking"] {
        let mut client = server.connect(&format!("/timed/{kind}")).await;
        send_many(&mut client).await;
        client.expect_close(1011, "").await;
        if kind == "blocking" {
            gate.open();
        } else {
            seen.expect("the handler was dropped").await;
        }
        seen.expect("HandlerTimeout 1011 after 1").await;
    }
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn timeout_of_a_handler_after_the_client_left_handles_no_further_message() {
    // Long enough for the Close to come first.
    let limits = Limits::default().handler_timeout(Duration::from_secs(1));
    let (server, mut seen, _gate) = start(limits).await;
    let mut client = server.connect("/timed/async").await;
    client.send("wait").await;
    client.send("well").await;
    client.close(1000, "").await;
    client.expect_close(1000, "").await;
    seen.expect("the handler was dropped").await;
    seen.expect(r#"Client { code: 1000, reason: "" } 1000 after 1"#).await;
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn timeout_of_message_handlers_is_no_limit_for_other_handlers() {
    let (server, mut seen, _gate) = start(brief()).await;
    let mut client = server.connect("/timed/others").await;
    client.expect_text("connected").await;
    client.expect_text("in session").await;
    client.leave().await;
    seen.expect("closed").await;
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn handler_timeout_of_zero_is_a_build_error() {
    let app = App::new().limits(Limits::default().handler_timeout(Duration::ZERO));
    let errors = app.build().expect_err("a limit that nothing could keep");
    assert!(errors.to_string().contains("Limits::handler_timeout"), "{errors}");
}
