//! `Err(Disconnected)`: the normal end of a session whose connection has ended, and an error like any other otherwise.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Gate, Probe, Seen, Server, probe};

static PASSED_ON: SubRouter = SubRouter::new("/disconnected");

fn of_another() -> Disconnected {
    Disconnected {
        code: 4000,
        reason: "another connection".into(),
    }
}

#[websocket("/connect/sync", on = "connect", router = PASSED_ON)]
#[websocket("/connect/blocking", on = "connect", router = PASSED_ON, blocking)]
fn connect() -> Result<(), Disconnected> {
    Err(of_another())
}

#[websocket("/connect/async", on = "connect", router = PASSED_ON)]
async fn async_connect() -> Result<(), HandlerError> {
    tokio::task::yield_now().await;
    Err(of_another().into())
}

#[websocket("/message/sync", on = "message", router = PASSED_ON)]
#[websocket("/message/blocking", on = "message", router = PASSED_ON, blocking)]
fn message() -> Result<String, Disconnected> {
    Err(of_another())
}

#[websocket("/message/async", on = "message", router = PASSED_ON)]
async fn async_message() -> Result<String, HandlerError> {
    tokio::task::yield_now().await;
    Err(of_another().into())
}

/// Fails when the gate opens, whatever has become of its connection.
#[websocket("/late", on = "message", router = PASSED_ON)]
async fn late(ws: &WebSocketConnector, gate: Global<Gate>) -> Result<(), Disconnected> {
    let _sent = ws.sync_send("begun");
    gate.pass().await;
    Err(of_another())
}

/// Does as the client says, and passes on how that ends.
#[websocket("/session", router = PASSED_ON)]
async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
    match socket.receive_text().await?.as_str() {
        "pass on another" => return Err(of_another()),
        "close" => drop(socket.close_with(4001, "closed")),
        _ => {}
    }
    loop {
        socket.receive_json::<u32>().await?;
    }
}

#[websocket("/connect/sync", on = "close", router = PASSED_ON)]
#[websocket("/connect/async", on = "close", router = PASSED_ON)]
#[websocket("/connect/blocking", on = "close", router = PASSED_ON)]
#[websocket("/message/sync", on = "close", router = PASSED_ON)]
#[websocket("/message/async", on = "close", router = PASSED_ON)]
#[websocket("/message/blocking", on = "close", router = PASSED_ON)]
#[websocket("/late", on = "close", router = PASSED_ON)]
#[websocket("/session", on = "close", router = PASSED_ON)]
fn close(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

async fn start() -> (Server, Seen, Gate) {
    let (probe, seen) = probe();
    let gate = Gate::default();
    let app = App::new().inject_global(probe).inject_global(gate.clone());
    (Server::start(app.include_router(&PASSED_ON)).await, seen, gate)
}

async fn nothing_more(server: &Server, seen: &mut Seen) {
    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new(), "a close handler ran twice");
}

const KINDS: [&str; 3] = ["sync", "async", "blocking"];

#[tokio::test]
async fn connect_handler_that_returns_disconnected_ends_with_1011() {
    let (server, mut seen, _gate) = start().await;
    for kind in KINDS {
        let mut client = server.connect(&format!("/disconnected/connect/{kind}")).await;
        client.expect_close(1011, "").await;
        seen.expect("HandlerError").await;
    }
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn message_handler_that_returns_disconnected_ends_with_1011() {
    let (server, mut seen, _gate) = start().await;
    for kind in KINDS {
        let mut client = server.connect(&format!("/disconnected/message/{kind}")).await;
        client.send("go").await;
        client.expect_close(1011, "").await;
        seen.expect("HandlerError").await;
    }
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn message_handler_that_returns_disconnected_after_its_connection_ended_changes_nothing() {
    let (server, mut seen, gate) = start().await;
    let mut client = server.connect("/disconnected/late").await;
    client.ask("go", "begun").await;
    client.close(4002, "bye").await;
    let hub = server.hub();
    robyn_ws_tests::until("the Close to be noticed", || hub.count() == 0).await;
    gate.open();
    client.expect_close(4002, "").await;
    seen.expect(r#"Client { code: 4002, reason: "bye" }"#).await;
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn session_that_returns_the_end_of_its_own_connection_ends_as_that_did() {
    let (server, mut seen, _gate) = start().await;
    let mut client = server.connect("/disconnected/session").await;
    client.close(4002, "bye").await;
    client.expect_close(4002, "").await;
    seen.expect(r#"Client { code: 4002, reason: "bye" }"#).await;

    let mut client = server.connect("/disconnected/session").await;
    client.send("close").await;
    client.expect_close(4001, "closed").await;
    seen.expect(r#"Server { code: 4001, reason: "closed" }"#).await;

    let mut client = server.connect("/disconnected/session").await;
    client.send("go on").await;
    client.send("no JSON").await;
    client
        .expect_close(1007, "invalid JSON: expected ident at line 1 column 2")
        .await;
    seen.expect("InvalidPayload").await;
    nothing_more(&server, &mut seen).await;
}

#[tokio::test]
async fn session_that_returns_the_end_of_another_connection_ends_with_1011() {
    let (server, mut seen, _gate) = start().await;
    let mut client = server.connect("/disconnected/session").await;
    client.send("pass on another").await;
    client.expect_close(1011, "").await;
    seen.expect("HandlerError").await;
    nothing_more(&server, &mut seen).await;
}
