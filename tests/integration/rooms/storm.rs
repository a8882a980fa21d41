//! Many clients coming and going: nothing is left of them.

use std::sync::Arc;

use robyn_ws::prelude::*;
use robyn_ws_tests::{Probe, Server, probe};
use tokio::task::JoinSet;

static STORM: SubRouter = SubRouter::new("/storm");

#[websocket("/", on = "connect", router = STORM)]
fn connect(ws: WebSocketConnector) -> String {
    ws.join("all");
    ws.join(ws.id().to_string());
    ws.sync_broadcast("somebody came");
    ws.id().to_string()
}

#[websocket("/", on = "message", router = STORM)]
async fn message(ws: WebSocketConnector, msg: String) {
    ws.to("all").async_broadcast(msg).await;
}

#[websocket("/", on = "close", router = STORM)]
fn close(probe: Global<Probe>) {
    probe.note("closed");
}

/// Comes, perhaps says something, and goes in one of four ways.
async fn visit(server: &Server, number: usize) {
    let mut client = server.raw("/storm").await;
    client.expect_text("somebody came").await;
    let (_first, id) = client.next().await;
    assert_eq!(id.len(), 36, "the greeting comes before what others send");
    match number % 4 {
        0 => {
            client.send(0x88, [0x03, 0xe8]).await;
            while client.next().await.0 != 0x88 {}
        }
        1 => client.reset(),
        2 => {
            client.send_text("hello").await;
            drop(client);
        }
        _ => client.half_close().await,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hub_is_empty_after_10000_connects_and_disconnects() {
    const VISITS: usize = 10_000;
    const AT_ONCE: usize = 32;
    let (probe, mut seen) = probe();
    let limits = Limits::default().overflow(Overflow::DropNewest);
    let app = App::new().inject_global(probe).include_router(&STORM).limits(limits);
    let server = Arc::new(Server::start(app).await);
    let mut visits = JoinSet::new();
    for number in 0..VISITS {
        // The server has to be done with one before the next may come.
        if number >= AT_ONCE {
            seen.expect("closed").await;
        }
        let server = server.clone();
        visits.spawn(async move { visit(&server, number).await });
    }
    for _ in 0..AT_ONCE {
        seen.expect("closed").await;
    }
    while let Some(visit) = visits.join_next().await {
        visit.expect("a visit goes as it should");
    }
    let endpoint = server.hub().endpoint("/storm");
    assert_eq!(
        (endpoint.count(), endpoint.room_count(), server.hub().count()),
        (0, 0, 0)
    );
    assert_eq!(endpoint.ids(), []);

    server.settle().await;
    assert_eq!(seen.rest(), Vec::<String>::new(), "a close handler ran twice");
}
