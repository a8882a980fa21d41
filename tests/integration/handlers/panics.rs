//! A panic in the handler of every event, of every kind of function, on a server with another live connection: it ends
//! its own connection with 1011, and nothing else.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Probe, Server, probe};
use serde::Deserialize;

static PANICS: SubRouter = SubRouter::new("/panics");

/// Which event's handler is to panic; none for the bystander.
#[derive(Deserialize)]
struct Fate {
    event: String,
}

impl Fate {
    fn meet(&self, event: &str) {
        assert_ne!(self.event, event, "a panic of the test");
    }
}

fn note(reason: &CloseReason, probe: &Probe) {
    probe.note(format!("{reason:?}"));
}

#[websocket("/sync", on = "upgrade", router = PANICS)]
fn sync_upgrade(Query(fate): Query<Fate>) {
    fate.meet("upgrade");
}

#[websocket("/sync", on = "connect", router = PANICS)]
fn sync_connect(Query(fate): Query<Fate>) {
    fate.meet("connect");
}

#[websocket("/sync", on = "message", router = PANICS)]
fn sync_message(msg: String, Query(fate): Query<Fate>) -> String {
    fate.meet("message");
    msg
}

#[websocket("/sync", on = "close", router = PANICS)]
fn sync_close(reason: &CloseReason, Query(fate): Query<Fate>, probe: Global<Probe>) {
    note(reason, &probe);
    fate.meet("close");
}

#[websocket("/async", on = "upgrade", router = PANICS)]
async fn async_upgrade(Query(fate): Query<Fate>) {
    tokio::task::yield_now().await;
    fate.meet("upgrade");
}

#[websocket("/async", on = "connect", router = PANICS)]
async fn async_connect(Query(fate): Query<Fate>) {
    tokio::task::yield_now().await;
    fate.meet("connect");
}

#[websocket("/async", on = "message", router = PANICS)]
async fn async_message(msg: String, Query(fate): Query<Fate>) -> String {
    tokio::task::yield_now().await;
    fate.meet("message");
    msg
}

#[websocket("/async", on = "close", router = PANICS)]
async fn async_close(reason: &CloseReason, Query(fate): Query<Fate>, probe: Global<Probe>) {
    tokio::task::yield_now().await;
    note(reason, &probe);
    fate.meet("close");
}

#[websocket("/blocking", on = "upgrade", router = PANICS, blocking)]
fn blocking_upgrade(Query(fate): Query<Fate>) {
    fate.meet("upgrade");
}

#[websocket("/blocking", on = "connect", router = PANICS, blocking)]
fn blocking_connect(Query(fate): Query<Fate>) {
    fate.meet("connect");
}

#[websocket("/blocking", on = "message", router = PANICS, blocking)]
fn blocking_message(msg: String, Query(fate): Query<Fate>) -> String {
    fate.meet("message");
    msg
}

#[websocket("/blocking", on = "close", router = PANICS, blocking)]
fn blocking_close(reason: &CloseReason, Query(fate): Query<Fate>, probe: Global<Probe>) {
    note(reason, &probe);
    fate.meet("close");
}

#[websocket("/session", router = PANICS)]
async fn session(mut socket: WebSocket, Query(fate): Query<Fate>) -> Result<(), Disconnected> {
    loop {
        let text = socket.receive_text().await?;
        fate.meet("message");
        socket.send_text(text).await?;
    }
}

#[websocket("/session", on = "close", router = PANICS)]
fn close_of_session(reason: &CloseReason, probe: Global<Probe>) {
    note(reason, &probe);
}

const KINDS: [&str; 3] = ["sync", "async", "blocking"];

async fn client(server: &Server, kind: &str, event: &str) -> Client {
    server.connect(&format!("/panics/{kind}?event={event}")).await
}

#[tokio::test]
async fn panic_in_any_handler_of_a_connection_ends_it_with_1011_and_the_others_go_on() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&PANICS)).await;
    let of_events = KINDS.iter().flat_map(|kind| [(*kind, "connect"), (*kind, "message")]);
    for (kind, event) in of_events.chain([("session", "message")]) {
        let mut bystander = client(&server, kind, "none").await;
        let mut unlucky = client(&server, kind, event).await;
        if event == "message" {
            unlucky.send("go").await;
        }
        unlucky.expect_close(1011, "").await;
        seen.expect("HandlerPanic").await;
        bystander.ask("still here", "still here").await;
        client(&server, kind, "none").await.leave().await;
        bystander.leave().await;
        for _ in 0..2 {
            seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
        }
    }
    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new(), "a close handler ran twice");
}

#[tokio::test]
async fn panic_in_a_close_handler_changes_nothing_for_the_client() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&PANICS)).await;
    for kind in KINDS {
        client(&server, kind, "close").await.leave().await;
        seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
    }
    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new(), "a close handler ran twice");
}

#[tokio::test]
async fn panic_in_an_upgrade_handler_is_500_and_nothing_is_registered() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&PANICS)).await;
    for kind in KINDS {
        let response = server.refused(&format!("/panics/{kind}?event=upgrade")).await;
        assert_eq!(response.status, 500, "{kind}");
        assert_eq!(server.hub().count(), 0, "{kind}");
        let mut next = client(&server, kind, "none").await;
        next.ask("still here", "still here").await;
        next.leave().await;
        seen.expect(r#"Client { code: 1000, reason: "" }"#).await;
    }
}
