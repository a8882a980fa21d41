//! `close()` and `close_with`, and what the client's Close does.

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, Gate, Probe, Seen, Server, close_payload, probe};

// ---- closed by the server ----------------------------------------------------------------------------------------------

#[websocket("/closing/seed", on = "message")]
fn disconnect(ws: &WebSocketConnector, msg: &str) -> &'static str {
    if msg == "disconnect" {
        ws.close();
        return "Closing connection";
    }
    "Message received"
}

#[tokio::test]
async fn close_sends_what_was_returned_and_then_a_close_frame_with_1000() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/closing/seed").await;
    client.ask("x", "Message received").await;
    client.ask("disconnect", "Closing connection").await;
    client.expect_close(1000, "").await;
}

#[websocket("/closing/queued", on = "message")]
async fn close_between(ws: WebSocketConnector) -> Result<&'static str, SendError> {
    ws.sync_send("queued 1")?;
    ws.async_broadcast("queued 2").await;
    ws.close_with(4001, "enough");
    assert_eq!(ws.sync_send("too late"), Err(SendError::NotConnected));
    assert_eq!(
        ws.async_send_to(ws.id(), "too late").await,
        Err(SendError::NotConnected)
    );
    assert_eq!(ws.sync_broadcast("too late").queued, 0);
    ws.close_with(4002, "the first close stands");
    Ok("returned")
}

#[tokio::test]
async fn everything_queued_before_a_close_goes_out_and_nothing_after_it() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/closing/queued").await;
    client.send("go").await;
    client.expect_texts(&["queued 1", "queued 2", "returned"]).await;
    client.expect_close(4001, "enough").await;
}

#[websocket("/closing/then_fail", on = "message")]
async fn close_then_fail(ws: WebSocketConnector, msg: &str) -> Result<(), HandlerError> {
    ws.close_with(4001, "the first close stands");
    assert_ne!(msg, "panic", "a panic of the test");
    Err(HandlerError::close(4002, "not this one"))
}

#[tokio::test]
async fn close_stands_although_the_handler_fails_after_it() {
    let server = Server::start(App::new()).await;
    for message in ["fail", "panic"] {
        let mut client = server.connect("/closing/then_fail").await;
        client.send(message).await;
        client.expect_close(4001, "the first close stands").await;
    }
}

#[websocket("/closing/pipelined", on = "message")]
fn close_at_once(ws: &WebSocketConnector, msg: String) -> String {
    ws.close();
    msg
}

#[tokio::test]
async fn messages_behind_a_close_are_not_handled() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/closing/pipelined").await;
    client.send("one").await;
    client.send("two").await;
    client.expect_text("one").await;
    client.expect_close(1000, "").await;
}

#[websocket("/closing/in_connect", on = "connect")]
fn close_in_connect(ws: &WebSocketConnector) -> &'static str {
    ws.close_with(4003, "full");
    "sorry"
}

#[tokio::test]
async fn close_in_a_connect_handler_sends_the_greeting_first() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/closing/in_connect").await;
    client.expect_text("sorry").await;
    client.expect_close(4003, "full").await;
}

#[websocket("/closing/from_task", on = "message")]
fn close_later(ws: WebSocketConnector) -> &'static str {
    tokio::spawn(async move { ws.close_with(4004, "from a task") });
    "soon"
}

#[tokio::test]
async fn close_from_a_task_closes_a_quiet_connection() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/closing/from_task").await;
    client.ask("go", "soon").await;
    client.expect_close(4004, "from a task").await;
}

static REMOVED: SubRouter = SubRouter::new("/closing/removed");

#[websocket("/", on = "message", router = REMOVED)]
async fn close_and_wait(ws: WebSocketConnector, gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    ws.close();
    probe.note(format!("open: {}", ws.is_open()));
    ws.closed().await;
    probe.note("closed has resolved");
    gate.pass().await;
    "returned"
}

#[tokio::test]
async fn close_takes_the_connection_out_of_the_hub_at_once_but_the_handler_ends_in_peace() {
    let (gate, (probe, mut seen)) = (Gate::default(), probe());
    let app = App::new()
        .inject_global(gate.clone())
        .inject_global(probe)
        .include_router(&REMOVED);
    let server = Server::start(app).await;
    let endpoint = server.hub().endpoint("/closing/removed");
    let mut client = server.connect("/closing/removed").await;
    client.send("go").await;
    seen.expect("open: false").await;
    seen.expect("closed has resolved").await;
    assert_eq!(endpoint.count(), 0);
    assert_eq!(endpoint.sync_broadcast("hello").queued, 0);
    gate.open();
    client.expect_text("returned").await;
    client.expect_close(1000, "").await;
}

// ---- closed by the client ----------------------------------------------------------------------------------------------

static CLIENT: SubRouter = SubRouter::new("/closing/client");

#[websocket("/", on = "message", router = CLIENT)]
fn ready(msg: &str) -> &str {
    msg
}

#[websocket("/", on = "close", router = CLIENT)]
fn say_goodbye(reason: CloseReason, probe: Global<Probe>) -> &'static str {
    probe.note(format!("{reason:?}"));
    "Goodbye world, from ws"
}

async fn client_server() -> (Server, Seen) {
    let (probe, seen) = probe();
    let app = App::new().inject_global(probe).include_router(&CLIENT);
    (Server::start(app).await, seen)
}

#[tokio::test]
async fn close_handlers_return_goes_out_between_the_clients_close_and_ours() {
    let (server, mut seen) = client_server().await;
    let mut client = server.raw("/closing/client").await;
    client.send(FIN | CLOSE, close_payload(1000, "done")).await;
    client.expect_text("Goodbye world, from ws").await;
    client.expect_close(1000, "").await;
    // The server ends TCP first: we have not ended our half.
    client.expect_end().await;
    seen.expect(r#"Client { code: 1000, reason: "done" }"#).await;
}

#[tokio::test]
async fn clients_close_code_is_echoed_and_told_to_the_close_handler() {
    let (server, mut seen) = client_server().await;
    for code in [
        1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999,
    ] {
        let mut client = server.raw("/closing/client").await;
        client.send(FIN | CLOSE, close_payload(code, "why")).await;
        client.expect_text("Goodbye world, from ws").await;
        client.expect_close(code, "").await;
        client.expect_end().await;
        seen.expect(&format!("Client {{ code: {code}, reason: \"why\" }}"))
            .await;
    }
}

#[tokio::test]
async fn close_without_a_code_is_answered_with_1000_and_told_as_1005() {
    let (server, mut seen) = client_server().await;
    let mut client = server.raw("/closing/client").await;
    client.send(FIN | CLOSE, "").await;
    client.expect_text("Goodbye world, from ws").await;
    client.expect_close(1000, "").await;
    client.expect_end().await;
    seen.expect(r#"Client { code: 1005, reason: "" }"#).await;
}

#[tokio::test]
async fn messages_ahead_of_a_close_are_handled_before_it() {
    let (server, mut seen) = client_server().await;
    let mut client = server.connect("/closing/client").await;
    for number in 0..10 {
        client.send(number.to_string()).await;
    }
    client.close(1000, "").await;
    for number in 0..10 {
        client.expect_text(&number.to_string()).await;
    }
    client.expect_text("Goodbye world, from ws").await;
    client.expect_close(1000, "").await;
    seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
}

#[tokio::test]
async fn frames_behind_a_clients_close_are_ignored() {
    let (server, mut seen) = client_server().await;
    let mut client = server.raw("/closing/client").await;
    client.send(FIN | CLOSE, close_payload(1000, "")).await;
    client.send_text("not handled").await;
    client.expect_text("Goodbye world, from ws").await;
    client.expect_close(1000, "").await;
    client.expect_end().await;
    seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
}

// ---- from outside ------------------------------------------------------------------------------------------------------

#[tokio::test]
async fn hub_closes_a_connection_with_code_and_reason() {
    let (server, mut seen) = client_server().await;
    let endpoint = server.hub().endpoint("/closing/client");
    let mut client = server.connect("/closing/client").await;
    client.ask("ready", "ready").await;
    let id = endpoint.ids()[0];
    assert_eq!(endpoint.close_with(id, 4005, "moderated"), Ok(()));
    assert_eq!(endpoint.count(), 0);
    assert_eq!(endpoint.close_with(id, 4005, "moderated"), Err(SendError::NotConnected));
    client.expect_text("Goodbye world, from ws").await;
    client.expect_close(4005, "moderated").await;
    seen.expect(r#"Server { code: 4005, reason: "moderated" }"#).await;
}

// ---- broadcasts from a close handler -----------------------------------------------------------------------------------

#[websocket("/closing/farewell", on = "message")]
fn present(msg: &str) -> &str {
    msg
}

#[websocket("/closing/farewell", on = "close")]
async fn farewell(ws: WebSocketConnector) -> String {
    let own = ws.sync_send("sent to myself");
    let delivery = ws.async_broadcast("someone left").await;
    format!("own {own:?}, told {}", delivery.queued)
}

#[tokio::test]
async fn broadcast_from_a_close_handler_reaches_the_others_and_not_the_leaver() {
    let server = Server::start(App::new()).await;
    let mut leaver = server.connect("/closing/farewell").await;
    let mut other = server.connect("/closing/farewell").await;
    leaver.ask("here", "here").await;
    other.ask("here", "here").await;
    leaver.close(1000, "").await;
    leaver.expect_texts(&["sent to myself", "own Ok(()), told 1"]).await;
    leaver.expect_close(1000, "").await;
    other.expect_text("someone left").await;
}
