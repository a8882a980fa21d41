//! The rooms of a connection that ends: its close handler still sees them, and nobody else does.

use std::sync::{Arc, Mutex, PoisonError};

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Probe, Seen, Server, probe, until};

static ROOMS: SubRouter = SubRouter::new("/room_memory");

#[websocket("/", on = "connect", router = ROOMS)]
fn enter(ws: &WebSocketConnector) -> &'static str {
    if let Some(rooms) = ws.query_params().get("rooms") {
        rooms.split(',').for_each(|room| assert!(ws.join(room).is_member));
    }
    "in"
}

#[websocket("/", on = "message", router = ROOMS)]
fn command(ws: &WebSocketConnector, msg: &str) -> Result<String, HandlerError> {
    match msg {
        "close" => ws.close(),
        "panic" => panic!("asked to"),
        "fail" => return Err("asked to".into()),
        "leave" => return Ok(format!("left: {}", ws.leave("red").was_member)),
        other => return Ok(format!("unknown: {other}")),
    }
    Ok("closing".to_owned())
}

/// Says good-bye to those that are left in its rooms.
#[websocket("/", on = "close", router = ROOMS)]
async fn part(ws: WebSocketConnector, hub: Hub, probe: Global<Probe>) {
    let mut rooms = ws.rooms();
    rooms.sort();
    let mut reached = Vec::new();
    for room in &rooms {
        let audience = ws.to(room);
        assert_eq!(
            audience.count(),
            audience.sync_broadcast(format!("{room} lost one")).queued
        );
        reached.push(audience.count());
    }
    let endpoint = hub.endpoint("/room_memory");
    let joined = ws.join("late").is_member || ws.leave("red").was_member;
    probe.note(format!(
        "{rooms:?} {reached:?} of {} in {} rooms, {joined}",
        endpoint.count(),
        endpoint.room_count()
    ));
}

async fn start() -> (Server, Seen) {
    let (probe, seen) = probe();
    let app = App::new()
        .inject_global(probe)
        .limits(Limits::default().max_message_size(100))
        .include_router(&ROOMS);
    (Server::start(app).await, seen)
}

async fn client(server: &Server, rooms: &str) -> Client {
    let mut client = server.connect(&format!("/room_memory?rooms={rooms}")).await;
    client.expect_text("in").await;
    client
}

/// Checks what the close handler of the one in red and blue saw, where one other is in red.
async fn expect_farewell(server: &Server, seen: &mut Seen, other: &mut Client) {
    seen.expect(r#"["blue", "red"] [0, 1] of 1 in 1 rooms, false"#).await;
    other.expect_text("red lost one").await;
    until("the end of the connection", || server.hub().count() == 1).await;
}

#[tokio::test]
async fn close_handler_sees_its_rooms_and_reaches_those_left_in_them_however_the_connection_ended() {
    let (server, mut seen) = start().await;
    let mut other = client(&server, "red").await;

    client(&server, "red,blue").await.leave().await;
    expect_farewell(&server, &mut seen, &mut other).await;

    drop(client(&server, "red,blue").await);
    expect_farewell(&server, &mut seen, &mut other).await;

    for command in ["close", "panic", "fail"] {
        let mut one = client(&server, "red,blue").await;
        one.send(command).await;
        expect_farewell(&server, &mut seen, &mut other).await;
    }

    let mut too_big = client(&server, "red,blue").await;
    too_big.send("x".repeat(101)).await;
    expect_farewell(&server, &mut seen, &mut other).await;

    let closed = client(&server, "red,blue").await;
    let endpoint = server.hub().endpoint("/room_memory");
    let id = endpoint.ids().pop().expect("the second");
    endpoint.close_with(id, 4000, "").expect("it is there");
    expect_farewell(&server, &mut seen, &mut other).await;
    drop(closed);
}

#[tokio::test]
async fn close_handler_sees_the_rooms_that_were_left_to_it_at_the_end() {
    let (server, mut seen) = start().await;
    let mut one = client(&server, "red,blue").await;
    one.ask("leave", "left: true").await;
    one.ask("leave", "left: false").await;
    one.leave().await;
    seen.expect(r#"["blue"] [0] of 0 in 0 rooms, false"#).await;
    client(&server, "").await.leave().await;
    seen.expect(r#"[""] [0] of 0 in 0 rooms, false"#).await;
}

#[tokio::test]
async fn drain_shows_every_close_handler_its_rooms() {
    let (server, mut seen) = start().await;
    let (mut one, mut other) = (client(&server, "red").await, client(&server, "red").await);
    let reason = "the server shuts down";
    tokio::join!(
        server.settle(),
        one.expect_close(1001, reason),
        other.expect_close(1001, reason)
    );
    let mut notes = [seen.next().await, seen.next().await];
    notes.sort();
    for note in notes {
        assert!(note.starts_with(r#"["red"]"#), "{note}");
    }
    let endpoint = server.hub().endpoint("/room_memory");
    assert_eq!((endpoint.count(), endpoint.room_count()), (0, 0));
}

static KEPT: SubRouter = SubRouter::new("/room_memory/kept");

type Connector = Arc<Mutex<Option<WebSocketConnector>>>;

#[websocket("/", on = "connect", router = KEPT)]
fn enter_and_keep(ws: WebSocketConnector, kept: Global<Connector>) -> &'static str {
    ws.join("red");
    *kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(ws);
    "in"
}

#[tokio::test]
async fn rooms_are_forgotten_after_the_end_also_by_a_connector_that_is_kept() {
    let kept = Connector::default();
    let app = App::new().inject_global(kept.clone()).include_router(&KEPT);
    let server = Server::start(app).await;
    let mut client = server.connect("/room_memory/kept").await;
    client.expect_text("in").await;
    let connector = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
    let connector = connector.expect("it was kept");
    assert_eq!(connector.rooms(), ["red"]);
    client.leave().await;
    until("the rooms to be forgotten", || connector.rooms().is_empty()).await;
    assert_eq!(
        (connector.join("red").is_member, connector.leave("red").was_member),
        (false, false)
    );
    assert_eq!(connector.to("red").count(), 0);
}
