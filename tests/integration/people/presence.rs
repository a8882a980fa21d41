//! Who comes into a room and who leaves it, by person: one arrival and one departure, whatever the number of tabs.

use std::time::Duration;

use robyn_ws::{Departure, RoomChange, prelude::*};
use robyn_ws_tests::{Client, Gate, Probe, Seen, Server, probe, until};

static PRESENCE: SubRouter = SubRouter::new("/people/presence");

/// Each word of a message is a command.
fn command(ws: &WebSocketConnector, msg: &str) -> String {
    let (command, what) = msg.split_once(' ').unwrap_or((msg, ""));
    match command {
        "join" => {
            let joined = ws.join(what);
            format!("{} {}", joined.count, joined.first_of_identity)
        }
        "leave" => {
            let left = ws.leave(what);
            format!("{} {}", left.count, left.last_of_identity)
        }
        "am" => {
            let mut rooms = ws.identify(what).rooms;
            rooms.sort_by(|one, other| one.room.cmp(&other.room));
            let changes = rooms.iter().map(|change: &RoomChange| {
                let (left, came) = (change.last_of_previous, change.first_of_identity);
                format!("{} {left} {came}", change.room)
            });
            changes.collect::<Vec<_>>().join(", ")
        }
        "close" => {
            ws.close();
            "closing".to_owned()
        }
        "panic" => panic!("a panic of the test"),
        other => panic!("unknown command {other}"),
    }
}

#[websocket("/", on = "message", router = PRESENCE)]
fn message(ws: &WebSocketConnector, msg: &str) -> String {
    command(ws, msg)
}

#[websocket("/blocking", on = "message", router = PRESENCE, blocking)]
fn blocking(ws: &WebSocketConnector, msg: &str, gate: Global<Gate>, probe: Global<Probe>) -> String {
    if msg == "wait" {
        probe.note("waiting");
        gate.pass_blocking();
    }
    command(ws, msg)
}

#[websocket("/", on = "close", router = PRESENCE)]
#[websocket("/blocking", on = "close", router = PRESENCE)]
fn close(departed: Departed, probe: Global<Probe>) {
    let rooms = departed.len();
    let mut departures: Vec<_> = departed
        .map(
            |Departure {
                 room,
                 count,
                 last_of_identity,
                 ..
             }| format!("{room} {count} {last_of_identity}"),
        )
        .collect();
    assert_eq!(departures.len(), rooms);
    departures.sort();
    probe.note(departures.join(", "));
}

async fn start(limits: Limits) -> (Server, Seen, Gate) {
    let (probe, seen) = probe();
    let gate = Gate::default();
    let app = App::new()
        .inject_global(probe)
        .inject_global(gate.clone())
        .limits(limits);
    (Server::start(app.include_router(&PRESENCE)).await, seen, gate)
}

/// Connects a client that is this person, in these rooms.
async fn person(server: &Server, name: &str, rooms: &[(&str, &str)]) -> Client {
    let mut client = server.connect("/people/presence").await;
    if !name.is_empty() {
        client.ask(format!("am {name}"), "").await;
    }
    for (room, answer) in rooms {
        client.ask(format!("join {room}"), answer).await;
    }
    client
}

#[tokio::test]
async fn tabs_of_one_person_are_one_arrival_and_one_departure() {
    let (server, mut seen, _gate) = start(Limits::default()).await;
    let mut tab = person(&server, "u1", &[("red", "1 true")]).await;
    let mut other_tab = person(&server, "u1", &[("red", "2 false")]).await;
    let somebody = person(&server, "u2", &[("red", "3 true"), ("blue", "1 true")]).await;
    tab.ask("join blue", "2 true").await;
    tab.ask("join red", "3 false").await;
    tab.ask("leave red", "2 false").await;
    tab.ask("leave red", "2 false").await;
    tab.ask("join red", "3 false").await;
    other_tab.ask("leave red", "2 false").await;
    tab.ask("leave red", "1 true").await;
    tab.ask("join red", "2 true").await;
    somebody.leave().await;
    seen.expect("blue 1 true, red 1 true").await;
    other_tab.ask("join red", "2 false").await;
    tab.leave().await;
    seen.expect("blue 0 true, red 1 false").await;
    other_tab.leave().await;
    seen.expect("red 0 true").await;
}

#[tokio::test]
async fn connections_without_an_identity_count_by_themselves() {
    let (server, mut seen, _gate) = start(Limits::default()).await;
    let one = person(&server, "", &[("red", "1 true"), ("red", "1 false")]).await;
    let mut other = person(&server, "", &[("red", "2 true")]).await;
    one.leave().await;
    seen.expect("red 1 true").await;
    other.ask("leave red", "0 true").await;
    other.ask("leave red", "0 false").await;
    other.leave().await;
    seen.expect("").await;
}

#[tokio::test]
async fn departures_are_told_however_the_connection_ended() {
    let (server, mut seen, _gate) = start(Limits::default()).await;
    let mut tab = person(&server, "u1", &[("red", "1 true")]).await;
    let (count, last) = ("red 1 false", "red 0 true");

    drop(person(&server, "u1", &[("red", "2 false")]).await);
    seen.expect(count).await;
    let mut closed = person(&server, "u1", &[("red", "2 false")]).await;
    closed.ask("close", "closing").await;
    seen.expect(count).await;
    let mut panicking = person(&server, "u1", &[("red", "2 false")]).await;
    panicking.send("panic").await;
    seen.expect(count).await;
    let _kicked = person(&server, "u1", &[("red", "2 false")]).await;
    let ids = server.hub().identity("u1").ids();
    let endpoint = server.hub().endpoint("/people/presence");
    // Of two that leave at once, one is the last.
    for id in ids {
        endpoint.close(id).expect("it is connected");
    }
    let mut both = [seen.next().await, seen.next().await];
    both.sort();
    assert_eq!(both, [last, count]);
    tab.expect_close(1000, "").await;
    until("all to be gone", || server.hub().count() == 0).await;
    assert_eq!(endpoint.room_count(), 0);
}

#[tokio::test]
async fn close_handler_behind_a_blocking_handler_is_told_the_departures_too() {
    let (server, mut seen, gate) = start(Limits::default().handler_grace(Duration::from_millis(20))).await;
    let mut tab = server.connect("/people/presence/blocking").await;
    tab.ask("am u1", "").await;
    tab.ask("join red", "1 true").await;
    tab.ask("join blue", "1 true").await;
    tab.ask("leave blue", "0 true").await;
    tab.send("wait").await;
    seen.expect("waiting").await;
    drop(tab);
    until("the connection to be gone", || server.hub().count() == 0).await;
    // The same person comes again before the close handler runs, which is not a reason to tell another departure.
    let mut again = server.connect("/people/presence/blocking").await;
    again.ask("am u1", "").await;
    again.ask("join red", "1 true").await;
    gate.open();
    seen.expect("red 0 true").await;
}

#[tokio::test]
async fn rooms_count_a_connection_under_its_new_identity_and_say_what_that_changes() {
    let (server, mut seen, _gate) = start(Limits::default()).await;
    let mut one = person(&server, "", &[("blue", "1 true"), ("red", "1 true")]).await;
    one.ask("am u1", "blue true true, red true true").await;
    one.ask("am u1", "").await;
    let mut tab = person(&server, "u1", &[("red", "2 false")]).await;
    let mut other = person(&server, "u2", &[("blue", "2 true"), ("red", "3 true")]).await;
    one.ask("am u2", "blue true false, red false false").await;
    tab.ask("am u2", "red true false").await;
    other.ask("am u3", "blue false true, red false true").await;
    tab.ask("leave red", "2 false").await;
    one.ask("leave red", "1 true").await;
    one.ask("join red", "2 true").await;
    one.leave().await;
    seen.expect("blue 1 true, red 1 true").await;
    other.leave().await;
    seen.expect("blue 0 true, red 0 true").await;
}

fn goodbyes(departed: Departed) -> String {
    let last = departed.filter(|departure| departure.last_of_identity);
    last.map(|departure| departure.room).collect::<Vec<_>>().join(", ")
}

#[test]
fn close_handler_with_departures_is_tested_as_a_function() {
    let departures = [
        Departure::new("red", 2, false),
        Departure::new("blue", 0, true),
        Departure::new("green".to_owned(), 1, true),
    ];
    assert_eq!(goodbyes(departures.into_iter().collect()), "blue, green");
    assert_eq!(goodbyes(Departed::default()), "");
}
