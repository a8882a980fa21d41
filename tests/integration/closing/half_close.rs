//! What was handled is answered, also to a client that has ended its half of TCP; and what is queued goes out as long as
//! the client takes it.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{BINARY, CLOSE, FIN, Gate, Server, TEXT, close_payload, frame, until};

static HALF: SubRouter = SubRouter::new("/half_close");

async fn start(limits: Limits) -> (Server, Gate) {
    let gate = Gate::default();
    let app = App::new().inject_global(gate.clone()).include_router(&HALF);
    (Server::start(app.limits(limits)).await, gate)
}

#[websocket("/sync", on = "message", router = HALF)]
fn reply(msg: String) -> String {
    format!("reply to {msg}")
}

#[websocket("/async", on = "message", router = HALF)]
async fn reply_later(msg: String) -> String {
    tokio::time::sleep(Duration::from_millis(20)).await;
    format!("reply to {msg}")
}

#[websocket("/blocking", on = "message", blocking, router = HALF)]
fn reply_from_a_thread(msg: String) -> String {
    format!("reply to {msg}")
}

#[websocket("/session", router = HALF)]
async fn session(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        let text = socket.receive_text().await?;
        socket.send_text(format!("reply to {text}")).await?;
    }
}

#[tokio::test]
async fn client_that_ends_its_half_gets_the_replies_to_all_it_sent() {
    let server = start(Limits::default()).await.0;
    for path in ["/sync", "/async", "/blocking", "/session"] {
        let mut client = server.raw(&format!("/half_close{path}")).await;
        let messages: Vec<u8> = ["1", "2", "3"]
            .iter()
            .flat_map(|text| frame(FIN | TEXT, text))
            .collect();
        client.send_bytes(&messages).await;
        client.half_close().await;
        for number in 1..=3 {
            client.expect_text(&format!("reply to {number}")).await;
        }
        client.expect_end().await;
    }
}

#[websocket("/broadcast", on = "message", router = HALF)]
async fn broadcast(ws: &WebSocketConnector, msg: String) {
    ws.async_broadcast(format!("reply to {msg}")).await;
}

#[websocket("/broadcast_later", on = "connect", router = HALF)]
fn join(ws: &WebSocketConnector) {
    ws.join("room");
}

#[websocket("/broadcast_later", on = "message", router = HALF)]
async fn broadcast_later(ws: WebSocketConnector, msg: String) {
    tokio::time::sleep(Duration::from_millis(20)).await;
    assert_eq!(ws.to("room").sync_broadcast(format!("reply to {msg}")).queued, 1);
}

#[websocket("/hub", on = "message", router = HALF)]
async fn send_through_the_hub(ws: WebSocketConnector, hub: Hub, msg: String) -> Result<(), SendError> {
    tokio::time::sleep(Duration::from_millis(20)).await;
    hub.endpoint("/half_close/hub")
        .sync_send_to(ws.id(), format!("reply to {msg}"))
}

#[tokio::test]
async fn what_handlers_broadcast_reaches_their_own_client_as_well_after_its_end_was_read() {
    let (server, _gate) = start(Limits::default()).await;
    for path in ["/broadcast", "/broadcast_later", "/hub"] {
        for end in [None, Some(frame(FIN | CLOSE, close_payload(1000, "")))] {
            let mut client = server.raw(&format!("/half_close{path}")).await;
            let numbers = 1..=10;
            let messages = numbers.clone().flat_map(|number| frame(FIN | TEXT, number.to_string()));
            let messages: Vec<u8> = messages.chain(end.iter().flatten().copied()).collect();
            client.send_bytes(&messages).await;
            client.half_close().await;
            for number in numbers {
                client.expect_text(&format!("reply to {number}")).await;
            }
            if end.is_some() {
                client.expect_close_code(1000).await;
            }
            client.expect_end().await;
        }
    }
}

#[websocket("/goodbyes", on = "close", router = HALF)]
fn tell_the_others(ws: &WebSocketConnector) -> String {
    format!("{} others", ws.everyone().sync_broadcast("somebody left").queued)
}

#[tokio::test]
async fn close_handler_of_a_client_that_has_left_tells_the_others_only() {
    let (server, _gate) = start(Limits::default()).await;
    let mut stays = server.raw("/half_close/goodbyes").await;
    let mut leaves = server.raw("/half_close/goodbyes").await;
    leaves.send(FIN | CLOSE, close_payload(1000, "")).await;
    leaves.expect_text("1 others").await;
    leaves.expect_close_code(1000).await;
    stays.expect_text("somebody left").await;
}

#[websocket("/long", on = "message", router = HALF)]
fn long(msg: String) -> Vec<u8> {
    vec![b'x'; msg.parse().expect("a length")]
}

const LONG: usize = 16 * 1024 * 1024;

#[tokio::test]
async fn client_that_ends_its_half_gets_a_long_reply_to_its_end() {
    let server = start(Limits::default()).await.0;
    let mut client = server.raw("/half_close/long").await;
    client.send_text(&LONG.to_string()).await;
    client.half_close().await;
    let (first, payload) = client.next().await;
    assert_eq!((first, payload.len()), (FIN | BINARY, LONG));
    client.expect_end().await;
}

#[websocket("/goodbye", on = "message", router = HALF)]
fn close_behind_a_long_message(ws: &WebSocketConnector, gate: Global<Gate>) -> Vec<u8> {
    ws.close();
    gate.open();
    vec![b'x'; LONG]
}

#[tokio::test]
async fn everything_queued_before_our_close_goes_out_however_long_the_client_takes() {
    let limits = Limits::default().close_timeout(Duration::from_millis(20));
    let (server, gate) = start(limits).await;
    let mut client = server.raw("/half_close/goodbye").await;
    client.send_text("go").await;
    gate.pass().await;
    // The client takes its time, many times longer than the close timeout.
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (first, payload) = client.next().await;
    assert_eq!((first, payload.len()), (FIN | BINARY, LONG));
    client.expect_close_code(1000).await;
}

#[tokio::test]
async fn client_that_takes_nothing_does_not_hold_the_end_up_for_ever() {
    let limits = Limits::default().send_timeout(Duration::from_millis(50));
    let (server, gate) = start(limits).await;
    let mut client = server.raw("/half_close/goodbye").await;
    client.send_text("go").await;
    gate.pass().await;
    let shutdown = server.shutdown().clone();
    until("the connection to be given up", || server.hub().count() == 0).await;
    assert_eq!(shutdown.drain(Duration::from_secs(8)).await.cut, 0);
}

#[tokio::test]
async fn client_that_sends_before_it_reads_gets_what_was_queued_before_our_close() {
    let (server, gate) = start(Limits::default()).await;
    let mut client = server.raw("/half_close/goodbye").await;
    client.send_text("go").await;
    gate.pass().await;
    // More than the kernel takes: the server has to read it, although it has closed.
    let upload = frame(FIN | BINARY, vec![0; 1024 * 1024]).repeat(24);
    client.send_bytes(&upload).await;
    let (first, payload) = client.next().await;
    assert_eq!((first, payload.len()), (FIN | BINARY, LONG));
    client.expect_close_code(1000).await;
    client.send(FIN | CLOSE, close_payload(1000, "")).await;
    client.expect_end().await;
}
