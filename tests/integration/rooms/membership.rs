//! Rooms: who is in them, who is reached, and when membership ends.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Probe, Server, probe};

/// Each word of a message is a command.
#[websocket("/rooms/commands", on = "message")]
fn command(ws: WebSocketConnector, msg: &str) -> String {
    let (command, room) = msg.split_once(' ').unwrap_or((msg, ""));
    match command {
        "join" => ws.join(room).is_member.to_string(),
        "leave" => ws.leave(room).was_member.to_string(),
        "rooms" => {
            let mut rooms = ws.rooms();
            rooms.sort();
            rooms.join(",")
        }
        "count" => ws.to(room).count().to_string(),
        "say" => ws.to(room).sync_broadcast(format!("to {room}")).queued.to_string(),
        other => panic!("unknown command {other}"),
    }
}

async fn client(server: &Server, rooms: &[&str]) -> Client {
    let mut client = server.connect("/rooms/commands").await;
    for room in rooms {
        client.ask(format!("join {room}"), "true").await;
    }
    client
}

#[tokio::test]
async fn broadcast_to_a_room_reaches_those_in_it_and_nobody_else() {
    let server = Server::start(App::new()).await;
    let mut one = client(&server, &["red"]).await;
    let mut two = client(&server, &["red", "blue"]).await;
    let mut outside = client(&server, &[]).await;

    outside.ask("say red", "2").await;
    one.expect_text("to red").await;
    two.expect_text("to red").await;
    one.ask("say blue", "1").await;
    two.expect_text("to blue").await;
    outside.ask("say nowhere", "0").await;
    one.ask("count red", "2").await;
    outside.ask("count nowhere", "0").await;
}

#[tokio::test]
async fn sender_in_the_room_is_reached_too() {
    let server = Server::start(App::new()).await;
    let mut one = client(&server, &["red"]).await;
    one.send("say red").await;
    one.expect_texts(&["to red", "1"]).await;
}

#[tokio::test]
async fn who_leaves_a_room_is_not_reached_any_more() {
    let server = Server::start(App::new()).await;
    let mut one = client(&server, &["red", "blue"]).await;
    one.ask("rooms", "blue,red").await;
    one.ask("leave red", "true").await;
    one.ask("leave red", "false").await;
    one.ask("rooms", "blue").await;
    one.ask("say red", "0").await;
    one.ask("join red", "true").await;
    one.send("say red").await;
    one.expect_texts(&["to red", "1"]).await;
}

#[tokio::test]
async fn joining_twice_is_joining_once() {
    let server = Server::start(App::new()).await;
    let mut one = client(&server, &["red", "red"]).await;
    one.ask("rooms", "red").await;
    one.send("say red").await;
    one.expect_texts(&["to red", "1"]).await;
    one.ask("leave red", "true").await;
    one.ask("count red", "0").await;
}

#[tokio::test]
async fn any_text_names_a_room() {
    let server = Server::start(App::new()).await;
    let long = "x".repeat(256);
    for room in ["", " ", "../..", "\u{1F987}", "a\0b", "*", &long] {
        let mut one = client(&server, &[room]).await;
        one.ask(format!("count {room}"), "1").await;
        one.leave().await;
    }
    assert_eq!(server.hub().endpoint("/rooms/commands").room_count(), 0);
}

#[tokio::test]
async fn rooms_belong_to_their_endpoint() {
    let server = Server::start(App::new()).await;
    let mut one = client(&server, &["red"]).await;
    let mut elsewhere = server.connect("/rooms/audience").await;
    elsewhere.send("red").await;
    elsewhere.expect(b"hello").await;
    elsewhere.expect_text("count 1, queued 1").await;
    one.ask("count red", "1").await;
}

// ---- membership ends with the connection -------------------------------------------------------------------------------

static ENDS: SubRouter = SubRouter::new("/rooms/ends");

#[websocket("/", on = "connect", router = ENDS)]
fn join(ws: &WebSocketConnector) -> String {
    format!("{} {}", ws.join("red").is_member, ws.join("blue").is_member)
}

#[websocket("/", on = "message", router = ENDS)]
fn close_and_join(ws: &WebSocketConnector) -> String {
    ws.close();
    format!("join {}, {} there", ws.join("red").is_member, ws.to("red").count())
}

#[websocket("/", on = "close", router = ENDS)]
fn left(ws: &WebSocketConnector, hub: Hub, probe: Global<Probe>) {
    let endpoint = hub.endpoint("/rooms/ends");
    let (count, rooms) = (endpoint.count(), endpoint.room_count());
    probe.note(format!("{count} in {rooms} rooms, join {}", ws.join("red").is_member));
}

#[tokio::test]
async fn membership_ends_with_the_connection_however_it_ends() {
    let (probe, mut seen) = probe();
    let server = Server::start(App::new().inject_global(probe).include_router(&ENDS)).await;
    let after = "0 in 0 rooms, join false";

    let mut leaving = server.connect("/rooms/ends").await;
    leaving.expect_text("true true").await;
    assert_eq!(server.hub().endpoint("/rooms/ends").room_count(), 2);
    leaving.leave().await;
    seen.expect(after).await;

    let mut vanishing = server.connect("/rooms/ends").await;
    vanishing.expect_text("true true").await;
    drop(vanishing);
    seen.expect(after).await;

    let mut closed = server.connect("/rooms/ends").await;
    closed.expect_text("true true").await;
    closed.ask("close me", "join false, 0 there").await;
    closed.expect_close(1000, "").await;
    seen.expect(after).await;

    assert_eq!(server.hub().endpoint("/rooms/ends").room_count(), 0);
}

#[tokio::test]
async fn rooms_of_one_connection_are_bounded() {
    let server = Server::start(App::new().limits(Limits::default().max_rooms_per_connection(2))).await;
    let mut one = client(&server, &["red", "blue"]).await;
    one.ask("join green", "false").await;
    one.ask("rooms", "blue,red").await;
    one.ask("join red", "true").await;
    one.ask("leave blue", "true").await;
    one.ask("join green", "true").await;
    client(&server, &["green"]).await.ask("count green", "2").await;
}

// ---- audiences ---------------------------------------------------------------------------------------------------------

/// The message names rooms: `red blue -me`.
#[websocket("/rooms/audience", on = "message")]
async fn audience(ws: WebSocketConnector, msg: String) -> String {
    let mut words = msg.split(' ');
    let first = words.next().unwrap_or_default();
    ws.join(first);
    let mut audience = ws.to(first);
    for word in words {
        audience = if word == "-me" {
            audience.except(ws.id())
        } else {
            audience.to(word)
        };
    }
    let delivery = audience.async_broadcast(Bytes::from("hello")).await;
    format!("count {}, queued {}", audience.count(), delivery.queued)
}

#[tokio::test]
async fn audience_is_a_union_that_reaches_each_once() {
    let server = Server::start(App::new()).await;
    let mut red = server.connect("/rooms/audience").await;
    red.send("red").await;
    red.expect(b"hello").await;
    red.expect_text("count 1, queued 1").await;

    let mut both = server.connect("/rooms/audience").await;
    both.send("blue").await;
    both.expect(b"hello").await;
    both.expect_text("count 1, queued 1").await;

    // The second is in both rooms from here on.
    both.send("red blue red").await;
    both.expect(b"hello").await;
    both.expect_text("count 2, queued 2").await;
    red.expect(b"hello").await;
    both.send("blue").await;
    both.expect(b"hello").await;
    both.expect_text("count 1, queued 1").await;
    red.send("red -me").await;
    red.expect_text("count 1, queued 1").await;
    both.expect(b"hello").await;
    both.ask("blue -me", "count 0, queued 0").await;
}
