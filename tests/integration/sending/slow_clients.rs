//! Slow is not dead, and who is dead is not waited for.

use std::time::{Duration, Instant};

use robyn_ws::prelude::*;
use robyn_ws_tests::{BINARY, CLOSE, FIN, Gate, PING, Probe, RawClient, Seen, Server, TEXT, frame, probe, until};

static SLOW: SubRouter = SubRouter::new("/slow_clients");

const KIB_64: usize = 64 * 1024;

#[websocket("/", on = "message", router = SLOW)]
fn reply(msg: String) -> Vec<u8> {
    vec![b'x'; msg.parse().expect("a length")]
}

#[websocket("/", on = "close", router = SLOW)]
#[websocket("/connect", on = "close", router = SLOW)]
fn close(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

async fn start(limits: Limits) -> (Server, Gate, Seen) {
    let (gate, (probe, seen)) = (Gate::default(), probe());
    let app = App::new().inject_global(probe).inject_global(gate.clone());
    let app = app.include_router(&SLOW).limits(limits);
    (Server::start(app).await, gate, seen)
}

/// Reads so many bytes, slowly and steadily.
async fn read_slowly(client: &mut RawClient, mut bytes: usize) {
    while bytes > 0 {
        bytes -= client.read_some(bytes.min(KIB_64)).await;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

const LONG: usize = 24 * 1024 * 1024;

#[tokio::test]
async fn client_that_takes_bytes_steadily_is_not_too_slow_however_long_it_takes() {
    // It takes two seconds and more, and is pinged meanwhile, which it cannot see before the end.
    let limits = Limits::default()
        .send_timeout(Duration::from_secs(1))
        .close_timeout(Duration::from_millis(50))
        .heartbeat_interval(Duration::from_millis(500));
    let (server, _gate, mut seen) = start(limits).await;
    let mut client = server.raw("/slow_clients").await;
    client.send_text(&LONG.to_string()).await;
    // Further messages wait for room.
    client.send_bytes(&frame(FIN | TEXT, "1").repeat(3)).await;
    read_slowly(&mut client, 10 + LONG).await;
    let mut replies = 0;
    while replies < 3 {
        let (first, payload) = client.next().await;
        replies += usize::from((first, payload.len()) == (FIN | BINARY, 1));
    }
    assert_eq!(seen.rest(), Vec::<String>::new());
}

#[tokio::test]
async fn client_that_takes_a_fraction_of_what_the_system_holds_back_is_not_too_slow() {
    const MIB_8: usize = 8 * 1024 * 1024;
    const READ_SLOWLY: usize = 1024 * 1024;
    // The system takes megabytes ahead of the client, if it is let.
    for ends in [false, true] {
        let limits = Limits::default()
            .send_timeout(Duration::from_secs(1))
            .heartbeat_interval(Duration::from_millis(500));
        let (server, _gate, mut seen) = start(limits).await;
        let mut client = server.raw("/slow_clients").await;
        client.send_text(&MIB_8.to_string()).await;
        if ends {
            client.half_close().await;
        } else {
            client.send_text("1").await;
        }
        let mut read = 0;
        while read < READ_SLOWLY {
            read += client.read_some(KIB_64 / 2).await;
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        // The close handler of a client that ends does not wait for it.
        assert_eq!(seen.rest(), Vec::from_iter(ends.then_some("Abnormal".to_owned())));
        read_slowly(&mut client, 10 + MIB_8 - read).await;
        if ends {
            client.expect_end().await;
        } else {
            client.expect(FIN | BINARY, "x").await;
        }
    }
}

async fn mute_client(server: &Server) -> RawClient {
    let client = server.raw("/slow_clients").await;
    let endpoint = server.hub().endpoint("/slow_clients");
    until("the client to be in the hub", || endpoint.count() > 0).await;
    let id = endpoint.ids()[0];
    while endpoint.async_send_to(id, vec![0; KIB_64]).await.is_ok() {}
    client
}

#[tokio::test]
async fn client_that_takes_nothing_is_waited_for_by_one_broadcast_and_no_more() {
    const TIMEOUT: Duration = Duration::from_millis(500);
    let limits = Limits::default()
        .overflow(Overflow::DropNewest)
        .send_timeout(Duration::from_millis(50))
        .broadcast_timeout(TIMEOUT);
    let (server, _gate, _seen) = start(limits).await;
    let mut mute = mute_client(&server).await;
    let mut bystander = server.raw("/slow_clients").await;
    let endpoint = server.hub().endpoint("/slow_clients");
    let begun = Instant::now();
    for number in 0..20 {
        let block = vec![number; KIB_64];
        let delivery = endpoint.async_broadcast(&block).await;
        assert_eq!((delivery.queued, delivery.dropped), (1, 1));
        bystander.expect(FIN | BINARY, block).await;
    }
    assert!(begun.elapsed() < TIMEOUT * 10, "{:?}", begun.elapsed());

    // As soon as it takes bytes again, it is one like the others.
    let reading = async {
        loop {
            tokio::join!(mute.next(), bystander.next());
        }
    };
    let waited_for = async {
        loop {
            let delivery = endpoint.async_broadcast(vec![0; KIB_64]).await;
            if delivery.queued == 2 {
                break;
            }
        }
    };
    tokio::select! {
        () = waited_for => {}
        () = reading => {}
    }
}

#[tokio::test]
async fn client_that_takes_nothing_is_waited_for_by_one_send_and_no_more() {
    const TIMEOUT: Duration = Duration::from_millis(500);
    let limits = Limits::default()
        .overflow(Overflow::DropNewest)
        .send_timeout(TIMEOUT)
        .broadcast_timeout(Duration::from_millis(50));
    let (server, _gate, _seen) = start(limits).await;
    let mut mute = mute_client(&server).await;
    let endpoint = server.hub().endpoint("/slow_clients");
    let id = endpoint.ids()[0];
    let begun = Instant::now();
    for _ in 0..20 {
        let sent = endpoint.async_send_to(id, vec![0; KIB_64]).await;
        assert_eq!(sent, Err(SendError::TimedOut));
    }
    assert!(begun.elapsed() < TIMEOUT * 10, "{:?}", begun.elapsed());

    // As soon as it takes bytes again, it is one like the others.
    let reading = async {
        loop {
            mute.next().await;
        }
    };
    let waited_for = until("a send to be taken", || {
        endpoint.sync_send_to(id, vec![0; KIB_64]).is_ok()
    });
    tokio::select! {
        () = waited_for => {}
        () = reading => {}
    }
}

#[tokio::test]
async fn shorter_wait_of_a_broadcast_does_not_shorten_the_wait_of_a_send() {
    const TIMEOUT: Duration = Duration::from_millis(500);
    let limits = Limits::default()
        .overflow(Overflow::DropNewest)
        .send_timeout(TIMEOUT)
        .broadcast_timeout(Duration::from_millis(10));
    let (server, _gate, _seen) = start(limits).await;
    let _mute = server.raw("/slow_clients").await;
    let endpoint = server.hub().endpoint("/slow_clients");
    until("the client to be in the hub", || endpoint.count() > 0).await;
    while endpoint.async_broadcast(vec![0; KIB_64]).await.dropped == 0 {}
    let begun = Instant::now();
    let sent = endpoint.async_send_to(endpoint.ids()[0], vec![0; KIB_64]).await;
    assert_eq!(sent, Err(SendError::TimedOut));
    assert!(begun.elapsed() >= TIMEOUT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn broadcast_to_a_client_that_takes_nothing_ends_it_by_the_policy_after_the_broadcast_timeout() {
    let limits = Limits::default()
        .send_timeout(Duration::from_mins(1))
        .broadcast_timeout(Duration::from_millis(50))
        .close_timeout(Duration::from_millis(50));
    let (server, _gate, mut seen) = start(limits).await;
    let _mute = server.raw("/slow_clients").await;
    let endpoint = server.hub().endpoint("/slow_clients");
    while endpoint.async_broadcast(vec![0; KIB_64]).await.dropped == 0 {}
    seen.expect("SlowConsumer").await;
    assert_eq!(endpoint.count(), 0);
}

// ---- while `connect` runs --------------------------------------------------------------------------------------------

#[websocket("/connect", on = "connect", router = SLOW)]
async fn connect(ws: WebSocketConnector, gate: Global<Gate>) -> &'static str {
    gate.pass().await;
    ws.sync_send("from connect").expect("there is room");
    "greeting"
}

#[tokio::test]
async fn busy_room_ends_a_connection_whose_connect_is_too_slow_as_the_servers_fault() {
    let (server, gate, mut seen) = start(Limits::default()).await;
    let mut client = server.raw("/slow_clients/connect").await;
    let endpoint = server.hub().endpoint("/slow_clients/connect");
    let mut dropped = 0;
    while dropped == 0 {
        dropped += endpoint.sync_broadcast("busy").dropped;
    }
    gate.open();
    let mut last = client.next().await;
    while last.0 != FIN | CLOSE {
        last = client.next().await;
    }
    assert_eq!(last.1[..2], 1013_u16.to_be_bytes());
    seen.expect("ConnectTooSlow").await;
}

#[tokio::test]
async fn held_frames_up_to_the_bounds_are_no_slowness_of_anybody() {
    let (server, gate, seen) = start(Limits::default().max_outbound_messages(50)).await;
    let mut client = server.raw("/slow_clients/connect").await;
    let endpoint = server.hub().endpoint("/slow_clients/connect");
    for number in 0..50 {
        assert_eq!(endpoint.sync_broadcast(number.to_string()).queued, 1);
    }
    gate.open();
    client.expect_text("from connect").await;
    client.expect_text("greeting").await;
    for number in 0..50 {
        client.expect_text(&number.to_string()).await;
    }
    drop((server, seen));
}

#[websocket("/own_room", on = "connect", router = SLOW)]
async fn tell_the_own_room(ws: WebSocketConnector) -> &'static str {
    ws.join("room");
    for number in 0..300 {
        ws.to("room").async_broadcast(number.to_string()).await;
    }
    "greeting"
}

#[tokio::test]
async fn connect_that_broadcasts_much_to_its_own_room_does_not_wait_for_itself() {
    let limits = Limits::default()
        .send_timeout(Duration::from_mins(1))
        .broadcast_timeout(Duration::from_mins(1));
    let (server, _gate, _seen) = start(limits).await;
    let mut client = server.raw("/slow_clients/own_room").await;
    for number in 0..300 {
        client.expect_text(&number.to_string()).await;
    }
    client.expect_text("greeting").await;
}

#[websocket("/order", on = "connect", router = SLOW)]
async fn send_in_every_way(ws: WebSocketConnector, hub: Hub, gate: Global<Gate>) -> &'static str {
    let by_a_task = tokio::spawn({
        let ws = ws.clone();
        async move { ws.sync_send("by a task") }
    });
    by_a_task.await.expect("the task ends").expect("it is held");
    ws.join("room");
    ws.sync_send("1").expect("there is room");
    ws.sync_broadcast("2");
    ws.to("room").async_broadcast("3").await;
    ws.sync_send_to(ws.id(), "4").expect("there is room");
    hub.endpoint("/slow_clients/order").sync_broadcast("5");
    ws.async_send("6").await.expect("there is room");
    let endpoint = hub.endpoint("/slow_clients/order");
    endpoint.async_send_to(ws.id(), "7").await.expect("there is room");
    gate.pass().await;
    "greeting"
}

#[tokio::test]
async fn everything_that_connect_sends_to_its_own_client_arrives_in_program_order_and_at_once() {
    let (server, gate, _seen) = start(Limits::default()).await;
    let mut client = server.raw("/slow_clients/order").await;
    for number in 1..=7 {
        client.expect_text(&number.to_string()).await;
    }
    gate.open();
    client.expect_text("greeting").await;
    client.expect_text("by a task").await;
    client.send(FIN | PING, "").await;
}
