//! What a connect handler returns, and when the client sees it.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{CLOSE, FIN, Fixture, Gate, Request, Server, TEXT, close_payload, frame, until, within};

#[websocket("/greeting/sync", on = "connect")]
fn greet() -> &'static str {
    "Connected to ws"
}

#[websocket("/greeting/sync", on = "message")]
fn reply(msg: String) -> String {
    format!("you said {msg}")
}

#[websocket("/greeting/async", on = "connect")]
async fn greet_later() -> String {
    tokio::task::yield_now().await;
    "Connected later".to_owned()
}

#[websocket("/greeting/async", on = "message")]
async fn reply_later(msg: String) -> String {
    msg
}

#[tokio::test]
async fn greeting_is_the_first_frame() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/greeting/sync").await;
    client.expect_text("Connected to ws").await;
    client.ask("hi", "you said hi").await;
}

#[tokio::test]
async fn greeting_of_an_async_handler_is_the_first_frame() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/greeting/async").await;
    client.expect_text("Connected later").await;
    client.ask("hi", "hi").await;
}

#[tokio::test]
async fn greeting_comes_before_the_reply_to_a_message_sent_with_the_upgrade_request() {
    let server = Server::start(App::new()).await;
    for (path, greeting, reply) in [
        ("/greeting/sync", "Connected to ws", "you said early"),
        ("/greeting/async", "Connected later", "early"),
    ] {
        let early = frame(FIN | TEXT, "early");
        let mut client = Request::upgrade(path).raw_with(&server, &early).await;
        client.expect_text(greeting).await;
        client.expect_text(reply).await;
    }
}

// ---- connect handlers that say nothing -------------------------------------------------------------------------------

#[websocket("/greeting/unit", on = "connect")]
fn silent() {}

#[websocket("/greeting/none", on = "connect")]
fn silent_option() -> Option<&'static str> {
    None
}

#[websocket("/greeting/async_none", on = "connect")]
async fn silent_later() -> Option<String> {
    tokio::task::yield_now().await;
    None
}

#[websocket("/greeting/unit", on = "message")]
#[websocket("/greeting/none", on = "message")]
#[websocket("/greeting/async_none", on = "message")]
fn echo(msg: &str) -> &str {
    msg
}

#[tokio::test]
async fn connect_handler_that_returns_nothing_sends_nothing() {
    let server = Server::start(App::new()).await;
    for path in ["/greeting/unit", "/greeting/none", "/greeting/async_none"] {
        server.connect(path).await.ask("first", "first").await;
    }
}

#[websocket("/greeting/empty", on = "connect")]
fn greet_with_an_empty_text() -> &'static str {
    ""
}

#[websocket("/greeting/binary", on = "connect")]
fn greet_with_bytes() -> Vec<u8> {
    vec![1, 2]
}

#[tokio::test]
async fn greeting_is_sent_as_it_is_returned() {
    let server = Server::start(App::new()).await;
    server.connect("/greeting/empty").await.expect_text("").await;
    server.connect("/greeting/binary").await.expect(vec![1, 2]).await;
}

// ---- every handler is optional ---------------------------------------------------------------------------------------

#[websocket("/greeting/only_connect", on = "connect")]
fn only_connect() -> &'static str {
    "only connect"
}

#[websocket("/greeting/only_message", on = "message")]
fn only_message(msg: String) -> String {
    msg
}

#[websocket("/greeting/only_close", on = "close")]
fn only_close() -> &'static str {
    "only close"
}

#[websocket("/greeting/only_upgrade", on = "upgrade")]
fn only_upgrade() {}

#[tokio::test]
async fn each_handler_is_optional() {
    let server = Server::start(App::new()).await;

    let mut client = server.connect("/greeting/only_connect").await;
    client.expect_text("only connect").await;
    client.send("nobody takes this").await;
    client.leave().await;

    let mut client = server.connect("/greeting/only_message").await;
    client.ask("hi", "hi").await;
    client.leave().await;

    let mut client = server.connect("/greeting/only_close").await;
    client.send("nobody takes this").await;
    client.close(1000, "").await;
    client.expect_text("only close").await;
    client.expect_close(1000, "").await;

    server.connect("/greeting/only_upgrade").await.leave().await;
}

#[websocket("/greeting/entered", on = "connect")]
async fn count_in_connect(ws: WebSocketConnector) -> String {
    let to_self = ws.async_send_to(ws.id(), "to myself").await;
    format!(
        "{to_self:?}, {} here, joined {}",
        ws.everyone().count(),
        ws.join("red").is_member
    )
}

#[tokio::test]
async fn connection_is_in_the_hub_when_connect_runs() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/greeting/entered").await;
    client.expect_texts(&["to myself", "Ok(()), 1 here, joined true"]).await;
    assert_eq!(server.hub().endpoint("/greeting/entered").to("red").count(), 1);
}

// ---- the greeting and what others send -------------------------------------------------------------------------------

static GATED: SubRouter = SubRouter::new("/greeting/gated");

#[websocket("/", on = "connect", router = GATED)]
async fn greet_when_let(ws: WebSocketConnector, gate: Global<Gate>) -> Result<&'static str, SendError> {
    ws.sync_send("sent to myself first")?;
    ws.sync_broadcast("broadcast by myself");
    ws.async_send_to(ws.id(), "sent to myself second").await?;
    gate.pass().await;
    Ok("greeting")
}

#[tokio::test]
async fn greeting_comes_before_what_others_sent_while_connect_ran_and_nothing_is_lost() {
    let gate = Gate::default();
    let app = App::new().inject_global(gate.clone()).include_router(&GATED);
    let server = Server::start(app).await;
    let endpoint = server.hub().endpoint("/greeting/gated");

    let mut client = server.connect("/greeting/gated").await;
    let sent_by_connect = ["sent to myself first", "broadcast by myself", "sent to myself second"];
    client.expect_texts(&sent_by_connect).await;
    let id = endpoint.ids()[0];
    assert_eq!(endpoint.sync_broadcast("broadcast by another").queued, 1);
    assert_eq!(endpoint.sync_send_to(id, "sent by another"), Ok(()));
    gate.open();

    client
        .expect_texts(&["greeting", "broadcast by another", "sent by another"])
        .await;
}

#[websocket("/greeting/storm", on = "connect")]
async fn greet_in_the_storm() -> &'static str {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    "greeting"
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn greeting_is_the_first_frame_in_a_storm_of_broadcasts() {
    let limits = Limits::default().overflow(Overflow::DropNewest);
    let server = Server::start(App::new().limits(limits)).await;
    let endpoint = server.hub().endpoint("/greeting/storm");
    let storm = tokio::spawn(async move {
        loop {
            endpoint.sync_broadcast("storm");
            tokio::task::yield_now().await;
        }
    });
    for _ in 0..100 {
        let mut client = server.connect("/greeting/storm").await;
        client.expect_texts(&["greeting", "storm"]).await;
    }
    storm.abort();
    let stopped = within("the storm to stop", storm).await;
    assert!(stopped.is_err_and(|error| error.is_cancelled()));
}

// ---- connect handlers that let nobody in ------------------------------------------------------------------------------

static REFUSING: SubRouter = SubRouter::new("/greeting/refusing");

#[websocket("/", on = "connect", router = REFUSING)]
async fn refuse(Query(query): Query<How>, gate: Global<Gate>) -> Result<&'static str, HandlerError> {
    gate.pass().await;
    match query.how.as_str() {
        "close" => Err(HandlerError::close(4401, "not you")),
        "error" => Err(std::io::Error::other("no").into()),
        "panic" => panic!("a panic of the test"),
        "reply" => Err(HandlerError::reply("be careful")),
        _ => Ok("welcome"),
    }
}

#[websocket("/blocking", on = "connect", router = REFUSING, blocking)]
fn refuse_blocking(gate: Global<Gate>) -> Result<(), HandlerError> {
    gate.pass_blocking();
    Err(HandlerError::close(4401, "not you"))
}

#[derive(serde::Deserialize)]
struct How {
    how: String,
}

/// Returns the frames that a client gets to whom everybody is told something while `connect` decides.
async fn frames_of(path: &str, limits: Limits) -> Vec<(u8, Vec<u8>)> {
    let Fixture { server, gate, .. } = Fixture::start(&REFUSING, limits).await;
    let mut client = server.raw(&format!("/greeting/refusing{path}")).await;
    let endpoint = server.hub().endpoint(&format!(
        "/greeting/refusing{}",
        path.split('?').next().unwrap_or_default()
    ));
    until("the client to be in the hub", || endpoint.count() == 1).await;
    assert_eq!(endpoint.sync_broadcast("of others").queued, 1);
    assert_eq!(endpoint.everyone().async_broadcast("of others").await.queued, 1);
    if path.ends_with("dropped") {
        client.send(FIN | CLOSE, close_payload(1000, "")).await;
        until("the end to be noticed", || endpoint.count() == 0).await;
    } else {
        gate.open();
    }
    if path.ends_with("reply") || path.ends_with("welcome") {
        return vec![client.next().await, client.next().await];
    }
    client.frames_to_the_end().await
}

#[tokio::test]
async fn nothing_of_others_reaches_a_client_that_connect_did_not_let_in() {
    let limits = Limits::default()
        .handler_grace(Duration::from_millis(50))
        .close_timeout(Duration::from_millis(50));
    for (path, code) in [
        ("?how=close", 4401_u16),
        ("?how=error", 1011),
        ("?how=panic", 1011),
        ("?how=dropped", 1000),
        ("/blocking", 4401),
        ("/blocking?dropped", 1000),
    ] {
        let frames = frames_of(path, limits.clone()).await;
        let [(first, payload)] = &frames[..] else {
            panic!("{path}: {frames:?}")
        };
        assert_eq!(
            (*first, &payload[..2]),
            (FIN | CLOSE, &code.to_be_bytes()[..]),
            "{path}"
        );
    }
    for (path, greeting) in [("?how=reply", "be careful"), ("?how=welcome", "welcome")] {
        let texts = [greeting, "of others"].map(|text| (FIN | TEXT, text.as_bytes().to_vec()));
        assert_eq!(frames_of(path, limits.clone()).await, texts, "{path}");
    }
}
