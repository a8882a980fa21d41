//! Every kind of function for every event: sync, async, blocking.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Gate, Probe, Server, probe};

static EVENTS: SubRouter = SubRouter::new("/events");

#[websocket("/sync", on = "upgrade", router = EVENTS)]
fn sync_upgrade(probe: Global<Probe>) {
    probe.note("upgrade");
}

#[websocket("/sync", on = "connect", router = EVENTS)]
fn sync_connect() -> &'static str {
    "connect"
}

#[websocket("/sync", on = "message", router = EVENTS)]
fn sync_message(msg: &str) -> &str {
    msg
}

#[websocket("/sync", on = "close", router = EVENTS)]
fn sync_close() -> &'static str {
    "close"
}

#[websocket("/async", on = "upgrade", router = EVENTS)]
async fn async_upgrade(probe: Global<Probe>) {
    tokio::task::yield_now().await;
    probe.note("upgrade");
}

#[websocket("/async", on = "connect", router = EVENTS)]
async fn async_connect() -> &'static str {
    tokio::task::yield_now().await;
    "connect"
}

#[websocket("/async", on = "message", router = EVENTS)]
async fn async_message(msg: &str) -> &str {
    tokio::task::yield_now().await;
    msg
}

#[websocket("/async", on = "close", router = EVENTS)]
async fn async_close() -> &'static str {
    tokio::task::yield_now().await;
    "close"
}

/// Only a thread of the pool for blocking work may block.
fn block_a_moment() {
    tokio::runtime::Handle::current().block_on(tokio::task::yield_now());
}

#[websocket("/blocking", on = "upgrade", router = EVENTS, blocking)]
fn blocking_upgrade(probe: Global<Probe>) {
    block_a_moment();
    probe.note("upgrade");
}

#[websocket("/blocking", on = "connect", router = EVENTS, blocking)]
fn blocking_connect() -> &'static str {
    block_a_moment();
    "connect"
}

#[websocket("/blocking", on = "message", router = EVENTS, blocking)]
fn blocking_message(msg: &str) -> &str {
    block_a_moment();
    msg
}

#[websocket("/blocking", on = "close", router = EVENTS, blocking)]
fn blocking_close() -> &'static str {
    block_a_moment();
    "close"
}

#[tokio::test]
async fn every_event_takes_sync_async_and_blocking_handlers() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&EVENTS)).await;
    for path in ["/events/sync", "/events/async", "/events/blocking"] {
        let mut client = server.connect(path).await;
        seen.expect("upgrade").await;
        client.expect_text("connect").await;
        for message in ["one", "two"] {
            client.ask(message, message).await;
        }
        client.close(1000, "").await;
        client.expect_text("close").await;
        client.expect_close(1000, "").await;
    }
}

// ---- blocking ----------------------------------------------------------------------------------------------------------

static BLOCKING: SubRouter = SubRouter::new("/events/blocked");

#[websocket("/", on = "message", router = BLOCKING, blocking)]
fn block(gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    probe.note("blocks");
    gate.pass_blocking();
    "has blocked"
}

#[websocket("/free", on = "message", router = BLOCKING)]
fn free(msg: &str) -> &str {
    msg
}

/// The test's runtime has one thread, which a handler that blocks in it would hold up for good.
#[tokio::test(flavor = "current_thread")]
async fn blocking_handler_does_not_hold_up_anybody_else() {
    let (gate, (probe, mut seen)) = (Gate::default(), probe());
    let app = App::new()
        .inject_global(gate.clone())
        .inject_global(probe)
        .include_router(&BLOCKING);
    let server = Server::start(app).await;
    let mut blocked = server.connect("/events/blocked").await;
    blocked.send("go").await;
    seen.expect("blocks").await;
    let mut other = server.connect("/events/blocked/free").await;
    other.ask("free", "free").await;
    gate.open();
    blocked.expect_text("has blocked").await;
}

/// A handler may borrow its message and its state on the other thread too.
#[derive(Default, ConnectionState)]
struct Longest(String);

#[websocket("/events_longest", on = "message", blocking)]
fn longest<'a>(longest: &'a mut Longest, msg: &str) -> &'a str {
    if msg.len() > longest.0.len() {
        msg.clone_into(&mut longest.0);
    }
    &longest.0
}

#[tokio::test]
async fn blocking_handler_borrows_its_message_and_its_state() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/events_longest").await;
    client.ask("bat", "bat").await;
    client.ask("robin", "robin").await;
    client.ask("cat", "robin").await;
}
