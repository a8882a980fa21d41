//! Keyed messages while the `connect` handler runs.

use std::thread;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Gate, Probe, Server, probe};

static CONNECTING: SubRouter = SubRouter::new("/connecting");

/// Publishes before and after a gate, as the query says.
#[websocket("/", on = "connect", router = CONNECTING)]
async fn connect(ws: WebSocketConnector, gate: Global<Gate>, probe: Global<Probe>) -> &'static str {
    if let Some(before) = ws.query_params().get("before") {
        ws.everyone().keyed("a").sync_broadcast(before);
    }
    probe.note("running");
    gate.pass().await;
    if let Some(after) = ws.query_params().get("after") {
        ws.everyone().keyed("a").sync_broadcast(after);
    }
    "hello"
}

/// Publishes, has a thread publish, which is held, and publishes again. Nothing is written meanwhile.
#[websocket("/at_once", on = "connect", router = CONNECTING)]
fn connect_at_once(ws: &WebSocketConnector, probe: Global<Probe>) -> &'static str {
    let own = ws.everyone().keyed("a");
    own.sync_broadcast("own 1");
    let other = own.clone();
    let held = thread::spawn(move || other.sync_broadcast("of others").queued);
    let held = held.join().expect("no panic");
    let delivery = own.sync_broadcast("own 2");
    probe.note(format!(
        "held {held}, queued {}, replaced {}",
        delivery.queued, delivery.replaced
    ));
    "hello"
}

async fn start(limits: Limits) -> (Server, Gate, robyn_ws_tests::Seen) {
    let (gate, (probe, seen)) = (Gate::default(), probe());
    let app = App::new().inject_global(probe).inject_global(gate.clone());
    (
        Server::start(app.include_router(&CONNECTING).limits(limits)).await,
        gate,
        seen,
    )
}

#[tokio::test]
async fn held_messages_are_replaced_among_themselves_and_come_after_the_reply() {
    let (server, gate, mut seen) = start(Limits::default()).await;
    let mut client = server.connect("/connecting").await;
    seen.expect("running").await;
    let endpoint = server.hub().endpoint("/connecting");
    let (a, b) = (endpoint.keyed("a"), endpoint.keyed("b"));
    assert_eq!(
        [a.sync_broadcast("a 1").replaced, b.sync_broadcast("b 1").replaced],
        [0, 0]
    );
    endpoint.sync_broadcast("news");
    assert_eq!(
        [a.sync_broadcast("a 2").replaced, b.sync_broadcast("b 2").replaced],
        [1, 1]
    );
    gate.open();
    client.expect_texts(&["hello", "a 2", "b 2", "news"]).await;
    assert_eq!(a.sync_broadcast("a 3").replaced, 0);
    client.expect_text("a 3").await;
}

#[tokio::test]
async fn message_of_others_does_not_take_the_place_of_the_connect_handlers_own() {
    let (server, gate, mut seen) = start(Limits::default()).await;
    let mut client = server.connect("/connecting?before=own").await;
    seen.expect("running").await;
    let endpoint = server.hub().endpoint("/connecting");
    endpoint.keyed("a").sync_broadcast("of others");
    gate.open();
    client.expect_texts(&["own", "hello", "of others"]).await;
}

#[tokio::test]
async fn connect_handlers_own_message_replaces_an_older_held_one() {
    let (server, gate, mut seen) = start(Limits::default()).await;
    let mut client = server.connect("/connecting?after=own").await;
    seen.expect("running").await;
    let endpoint = server.hub().endpoint("/connecting");
    for key in ["x", "a", "b", "c"] {
        endpoint.keyed(key).sync_broadcast(format!("{key} 1"));
    }
    let counted = endpoint.counters().messages_replaced;
    endpoint.keyed("c").sync_broadcast("c 2");
    gate.open();
    client.expect_texts(&["own", "hello", "x 1", "b 1", "c 2"]).await;
    assert_eq!(endpoint.counters().messages_replaced, counted + 2);
}

#[tokio::test]
async fn message_that_replaces_two_of_one_connection_has_replaced_one() {
    let (server, _gate, mut seen) = start(Limits::default()).await;
    let mut client = server.connect("/connecting/at_once").await;
    client.expect_texts(&["own 2", "hello"]).await;
    seen.expect("held 1, queued 1, replaced 1").await;
}

#[tokio::test]
async fn held_messages_take_as_much_room_as_there_are_keys() {
    let limits = Limits::default().max_outbound_messages(2);
    let (server, gate, mut seen) = start(limits).await;
    let mut client = server.connect("/connecting").await;
    seen.expect("running").await;
    let endpoint = server.hub().endpoint("/connecting");
    for number in 0..100 {
        for key in ["a", "b"] {
            assert_eq!(endpoint.keyed(key).sync_broadcast(format!("{key} {number}")).dropped, 0);
        }
    }
    gate.open();
    client.expect_texts(&["hello", "a 99", "b 99"]).await;

    let mut client = server.connect("/connecting").await;
    seen.expect("running").await;
    for key in ["a", "b", "c"] {
        endpoint.keyed(key).sync_broadcast(key);
    }
    gate.open();
    client.expect_texts(&["hello", "a", "b"]).await;
    let words = "exceeded Limits::max_outbound_messages or Limits::max_outbound_bytes while `connect` ran";
    client.expect_close(1013, words).await;
}
