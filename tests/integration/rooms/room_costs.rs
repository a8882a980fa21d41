//! What a room costs depends neither on how many others a connection is in, nor on how many connections are in it.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use robyn_ws::{
    prelude::*,
    test_util::{TestApp, TestSocket},
};

static COSTS: SubRouter = SubRouter::new("/room_costs");

type Connectors = Arc<Mutex<Vec<WebSocketConnector>>>;

#[websocket("/", on = "connect", router = COSTS)]
fn enter(ws: WebSocketConnector, connectors: Global<Connectors>) -> &'static str {
    connectors.lock().expect("no handler panics").push(ws);
    "in"
}

/// Connects so many clients, and gives what keeps them there and their connectors.
async fn crowd(count: usize) -> ((TestApp, Vec<TestSocket>), Vec<WebSocketConnector>) {
    let connectors = Connectors::default();
    let app = App::new()
        .limits(Limits::default().max_rooms_per_connection(100_000))
        .inject_global(connectors.clone())
        .include_router(&COSTS);
    let app = TestApp::new(app);
    let mut sockets = Vec::new();
    for _ in 0..count {
        let mut socket = app.connect("/room_costs").await.expect("the upgrade");
        assert_eq!(socket.receive_text().await, "in");
        sockets.push(socket);
    }
    let connectors = std::mem::take(&mut *connectors.lock().expect("no handler panics"));
    ((app, sockets), connectors)
}

/// Checks that `act` takes no longer with `large` than with `small`, but for what memory and a busy machine add. The
/// shortest of many runs is the one that was disturbed least.
fn expect_no_growth<T>(what: &str, small: T, large: T, act: impl Fn(&T)) {
    let shortest = |subject: &T| {
        let run = || {
            let start = Instant::now();
            (0..20).for_each(|_| act(subject));
            start.elapsed()
        };
        (0..50).map(|_| run()).min().unwrap_or(Duration::MAX)
    };
    let (few, many) = (shortest(&small), shortest(&large));
    assert!(many < few * 8, "{what}: {few:?} with few, {many:?} with many");
}

#[tokio::test]
async fn joining_and_leaving_cost_no_more_for_a_connection_that_is_in_thousands_of_rooms() {
    let (_alive, connectors) = crowd(2).await;
    let [few, many] = [&connectors[0], &connectors[1]];
    (0..10).for_each(|room| assert!(few.join(format!("few {room}")).is_member));
    (0..20_000).for_each(|room| assert!(many.join(format!("many {room}")).is_member));
    expect_no_growth("join and leave", few, many, |ws| {
        assert!(ws.join("red").is_member);
        assert!(ws.leave("red").was_member);
    });
}

#[tokio::test]
async fn counting_costs_no_more_where_a_thousand_are() {
    let (_alive, connectors) = crowd(1001).await;
    let me = &connectors[0];
    connectors[1..5]
        .iter()
        .for_each(|ws| assert!(ws.join("small").is_member));
    connectors[1..]
        .iter()
        .for_each(|ws| assert!(ws.join("large").is_member));
    expect_no_growth("join and count", "small", "large", |room| {
        me.join(room);
        let with_me = me.to(room).count();
        assert_eq!(me.to(room).except(me.id()).count(), with_me - 1);
        me.leave(room);
        assert_eq!(me.to(room).count(), with_me - 1);
    });

    let (_alive, pair) = crowd(2).await;
    expect_no_growth("count everyone", &pair[0], me, |ws| {
        assert_eq!(ws.others().count(), ws.everyone().count() - 1);
        // A change, after which nothing that was prepared is of use.
        ws.join("elsewhere");
    });
}
