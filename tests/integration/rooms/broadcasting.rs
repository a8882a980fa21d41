//! Broadcasts: who gets them, and what they cost.

use robyn_ws::prelude::*;
use robyn_ws_tests::{Client, Server, until};

#[websocket("/broadcasting/sync", on = "connect")]
#[websocket("/broadcasting/async", on = "connect")]
#[websocket("/broadcasting/others", on = "connect")]
fn ready() -> &'static str {
    "ready"
}

#[websocket("/broadcasting/sync", on = "message")]
fn to_all(ws: WebSocketConnector, msg: String) -> String {
    format!("queued for {}", ws.sync_broadcast(msg).queued)
}

#[websocket("/broadcasting/async", on = "message")]
async fn to_all_later(ws: WebSocketConnector, msg: String) -> String {
    format!("queued for {}", ws.async_broadcast(msg).await.queued)
}

#[websocket("/broadcasting/others", on = "message")]
fn to_others(ws: WebSocketConnector, msg: String) -> String {
    let others = ws.others();
    format!("queued for {} of {}", others.sync_broadcast(msg).queued, others.count())
}

async fn clients<const N: usize>(server: &Server, path: &str) -> [Client; N] {
    let clients = crowd(N, server, path).await;
    clients.try_into().expect("there are that many")
}

async fn crowd(size: usize, server: &Server, path: &str) -> Vec<Client> {
    let mut clients = Vec::new();
    for _ in 0..size {
        let mut client = server.connect(path).await;
        client.expect_text("ready").await;
        clients.push(client);
    }
    clients
}

const BOTH: [&str; 2] = ["/broadcasting/sync", "/broadcasting/async"];

#[tokio::test]
async fn broadcast_reaches_everyone_on_the_endpoint_the_sender_included() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let [mut sender, mut other, mut third] = clients(&server, path).await;
        sender.send("hello").await;
        sender.expect_texts(&["hello", "queued for 3"]).await;
        other.expect_text("hello").await;
        third.expect_text("hello").await;
    }
}

/// More connections than one courier writes to.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcast_to_thousands_reaches_everyone_once_and_in_order() {
    let server = Server::start_in_memory(App::new().limits(Limits::default().heartbeat_interval(None)));
    for path in BOTH {
        let mut clients = crowd(5000, &server, path).await;
        for number in ["1", "2", "3"] {
            clients[0].send(number).await;
            clients[0].expect_texts(&[number, "queued for 5000"]).await;
        }
        for client in &mut clients[1..] {
            client.expect_texts(&["1", "2", "3"]).await;
        }
        for client in clients {
            client.leave().await;
        }
    }
}

#[tokio::test]
async fn broadcast_does_not_reach_other_endpoints() {
    let server = Server::start(App::new()).await;
    let [mut here] = clients(&server, "/broadcasting/sync").await;
    let [mut there] = clients(&server, "/broadcasting/async").await;
    here.send("only here").await;
    here.expect_texts(&["only here", "queued for 1"]).await;
    there.send("only there").await;
    there.expect_texts(&["only there", "queued for 1"]).await;
}

#[tokio::test]
async fn broadcast_to_others_leaves_out_the_sender() {
    let server = Server::start(App::new()).await;
    let [mut sender, mut other, mut third] = clients(&server, "/broadcasting/others").await;
    sender.ask("hello", "queued for 2 of 2").await;
    other.expect_text("hello").await;
    third.expect_text("hello").await;
}

#[tokio::test]
async fn broadcast_does_not_reach_those_who_have_left() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let [mut sender, gone] = clients(&server, path).await;
        gone.leave().await;
        sender.send("hello").await;
        sender.expect_texts(&["hello", "queued for 1"]).await;
    }
}

#[tokio::test]
async fn text_connection_closed_is_just_text() {
    let server = Server::start(App::new()).await;
    for path in BOTH {
        let [mut sender, mut other] = clients(&server, path).await;
        for text in ["Connection closed", "still here"] {
            sender.send(text).await;
            sender.expect_texts(&[text, "queued for 2"]).await;
            other.expect_text(text).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_first_connections_at_once_hear_each_other() {
    for _ in 0..50 {
        let server = Server::start(App::new()).await;
        let path = "/broadcasting/sync";
        let (mut one, mut two) = tokio::join!(server.connect(path), server.connect(path));
        one.expect_text("ready").await;
        two.expect_text("ready").await;
        one.send("from one").await;
        one.expect_texts(&["from one", "queued for 2"]).await;
        two.expect_text("from one").await;
        two.send("from two").await;
        two.expect_texts(&["from two", "queued for 2"]).await;
        one.expect_text("from two").await;
    }
}

#[tokio::test]
async fn two_apps_in_one_process_do_not_see_each_other() {
    let (one, two) = (Server::start(App::new()).await, Server::start(App::new()).await);
    let [mut in_one] = clients(&one, "/broadcasting/sync").await;
    let [mut in_two] = clients(&two, "/broadcasting/sync").await;
    assert_eq!((one.hub().count(), two.hub().count()), (1, 1));

    in_one.send("in one").await;
    in_one.expect_texts(&["in one", "queued for 1"]).await;
    in_two.send("in two").await;
    in_two.expect_texts(&["in two", "queued for 1"]).await;

    let id = one.hub().endpoint("/broadcasting/sync").ids()[0];
    let stranger = two.hub().endpoint("/broadcasting/sync").sync_send_to(id, "hello");
    assert_eq!(stranger, Err(SendError::NotConnected));
}

// ---- order and cost ----------------------------------------------------------------------------------------------------

#[websocket("/broadcasting/binary", on = "message")]
fn binary(ws: WebSocketConnector, msg: Bytes) {
    ws.sync_broadcast(msg);
}

#[tokio::test]
async fn bytes_are_broadcast_as_binary() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/broadcasting/binary").await;
    client.send([0, 0xff]).await;
    client.expect([0, 0xff]).await;
}

#[websocket("/broadcasting/json", on = "message")]
fn json(ws: WebSocketConnector, msg: &str) -> Result<(), HandlerError> {
    ws.sync_broadcast(Message::json(&[msg, "\"quoted\""])?);
    Ok(())
}

#[tokio::test]
async fn json_is_broadcast_as_text() {
    let server = Server::start(App::new()).await;
    let mut client = server.connect("/broadcasting/json").await;
    client.ask("hi", r#"["hi","\"quoted\""]"#).await;
}

#[tokio::test]
async fn broadcasts_of_one_sender_arrive_in_order_at_everyone() {
    let server = Server::start(App::new()).await;
    let [mut sender, mut other] = clients(&server, "/broadcasting/others").await;
    for number in 0..200 {
        sender.send(number.to_string()).await;
    }
    for number in 0..200 {
        other.expect_text(&number.to_string()).await;
        sender.expect_text("queued for 1 of 1").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broadcast_to_1000_connections_encodes_its_frame_once() {
    const CONNECTIONS: usize = 1000;
    let server = Server::start_in_memory(App::new());
    let endpoint = server.hub().endpoint("/broadcasting/binary");
    let mut clients = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        clients.push(server.connect("/broadcasting/binary").await);
    }
    // The hub has them a moment after the 101.
    until("all connections to be in the hub", || endpoint.count() == CONNECTIONS).await;
    assert_eq!(endpoint.counters().frames_encoded, 0);

    let text = "x".repeat(10_000);
    let delivery = endpoint.sync_broadcast(text.as_str());
    assert_eq!((delivery.queued, delivery.dropped), (CONNECTIONS, 0));
    for client in &mut clients {
        client.expect_text(&text).await;
    }
    assert_eq!(endpoint.counters().frames_encoded, 1);

    clients[0].send("from a handler").await;
    for client in &mut clients {
        client.expect(b"from a handler").await;
    }
    assert_eq!(endpoint.counters().frames_encoded, 2);
}

#[websocket("/broadcasting/quiet", on = "message")]
fn quiet() {}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_has_the_101_hears_every_later_broadcast() {
    let app = App::new();
    let hub = app.hub();
    let server = Server::start(app).await;
    for round in 0..200 {
        let mut client = server.connect("/broadcasting/quiet").await;
        // Whether it is counted depends on whether the connection is in the hub already.
        hub.endpoint("/broadcasting/quiet").sync_broadcast(round.to_string());
        client.expect_text(&round.to_string()).await;
        client.leave().await;
    }
}
