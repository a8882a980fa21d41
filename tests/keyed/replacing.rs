//! Which message takes which place.

use std::sync::mpsc;

use robyn_ws::prelude::*;
use robyn_ws_tests::{FIN, Server, TEXT, frame, until};

static REPLACING: SubRouter = SubRouter::new("/replacing");

/// Joins the rooms that the query names.
#[websocket("/", on = "connect", router = REPLACING)]
fn enter(ws: &WebSocketConnector) -> &'static str {
    for room in ws
        .query_params()
        .get("rooms")
        .into_iter()
        .flat_map(|rooms| rooms.split(','))
    {
        ws.join(room);
    }
    "in"
}

/// Publishes the message, and replies with it.
#[websocket("/", on = "message", router = REPLACING)]
fn publish(ws: &WebSocketConnector, msg: String) -> String {
    ws.everyone().keyed("of the handler").sync_broadcast(&*msg);
    format!("published {msg}")
}

async fn start() -> Server {
    Server::start(App::new().include_router(&REPLACING)).await
}

#[tokio::test]
async fn newest_message_of_a_key_takes_the_place_of_the_one_that_is_not_written() {
    let server = start().await;
    let mut clients = [server.connect("/replacing").await, server.connect("/replacing").await];
    for client in &mut clients {
        client.expect_text("in").await;
    }
    let endpoint = server.hub().endpoint("/replacing");
    let (btc, eth) = (endpoint.keyed("BTC"), endpoint.everyone().keyed("ETH"));
    // Nothing is awaited, so nothing is written meanwhile.
    assert_eq!(
        (btc.sync_broadcast("BTC 1").queued, eth.sync_broadcast("ETH 1").queued),
        (2, 2)
    );
    endpoint.sync_broadcast("news");
    let delivery = btc.sync_broadcast("BTC 2");
    assert_eq!((delivery.queued, delivery.replaced, delivery.dropped), (2, 2, 0));
    assert_eq!(endpoint.keyed("LTC").sync_broadcast("LTC 1").replaced, 0);
    assert_eq!(eth.sync_broadcast("ETH, longer 2").replaced, 2);
    assert_eq!(btc.sync_broadcast("BTC 3").replaced, 2);
    assert_eq!(endpoint.counters().messages_replaced, 6);
    for client in &mut clients {
        client.expect_texts(&["BTC 3", "ETH, longer 2", "news", "LTC 1"]).await;
    }
    assert_eq!(
        btc.sync_broadcast("BTC 4").replaced,
        0,
        "what is written is not replaced"
    );
    for client in &mut clients {
        client.expect_text("BTC 4").await;
    }
}

#[tokio::test]
async fn reply_stays_apart_from_a_keyed_message_before_it() {
    let server = start().await;
    let mut client = server.raw("/replacing").await;
    client.expect_text("in").await;
    // All come with one read, so nothing is written between.
    let messages = ["1", "2", "3"].map(|text| frame(FIN | TEXT, text)).concat();
    client.send_bytes(&messages).await;
    for text in ["3", "published 1", "published 2", "published 3"] {
        client.expect_text(text).await;
    }
}

#[tokio::test]
async fn key_belongs_to_the_endpoint_and_not_to_a_room() {
    let server = start().await;
    let mut both = server.connect("/replacing?rooms=red,blue").await;
    let mut red = server.connect("/replacing?rooms=red").await;
    both.expect_text("in").await;
    red.expect_text("in").await;
    let endpoint = server.hub().endpoint("/replacing");
    endpoint.to("red").keyed("k").sync_broadcast("red");
    let delivery = endpoint.to("blue").keyed("k").sync_broadcast("blue");
    assert_eq!((delivery.queued, delivery.replaced), (1, 1));
    endpoint.to("red").keyed("red/k").sync_broadcast("of red");
    endpoint.to("blue").to("red").keyed("blue/k").sync_broadcast("of both");
    both.expect_texts(&["blue", "of red", "of both"]).await;
    red.expect_texts(&["red", "of red", "of both"]).await;
    let id = endpoint.ids()[0];
    assert_eq!(endpoint.except(id).keyed("k").sync_broadcast("all but one").queued, 1);
    assert_eq!(endpoint.to("nobody").keyed("k").sync_broadcast("nobody").queued, 0);
}

#[tokio::test]
async fn values_are_keyed_as_json_too() {
    let server = start().await;
    let mut client = server.connect("/replacing").await;
    client.expect_text("in").await;
    let keyed = server.hub().endpoint("/replacing").keyed("k");
    keyed.sync_broadcast_json(&[1]).expect("JSON");
    let delivery = keyed.async_broadcast_json(&[2]).await.expect("JSON");
    assert_eq!((delivery.queued, delivery.replaced), (1, 1));
    client.expect_text("[2]").await;
}

#[tokio::test]
async fn bytes_of_a_replaced_message_are_dropped() {
    struct Payload(mpsc::SyncSender<u8>, Vec<u8>);

    impl AsRef<[u8]> for Payload {
        fn as_ref(&self) -> &[u8] {
            &self.1
        }
    }

    impl Drop for Payload {
        fn drop(&mut self) {
            let _ = self.0.send(self.1[0]); // The test may have ended.
        }
    }

    let server = start().await;
    let mut client = server.connect("/replacing").await;
    client.expect_text("in").await;
    let (dropped, seen) = mpsc::sync_channel(3);
    let keyed = server.hub().endpoint("/replacing").keyed("k");
    for number in 1..=3 {
        keyed.sync_broadcast(Bytes::from_owner(Payload(dropped.clone(), vec![number; 4000])));
    }
    assert_eq!([seen.try_recv(), seen.try_recv()], [Ok(1), Ok(2)]);
    client.expect(vec![3; 4000]).await;
    until("the last to be dropped", || seen.try_recv() == Ok(3)).await;
}

/// Bytes that broadcast when they are dropped.
struct Tells(HubEndpoint, Vec<u8>);

impl Tells {
    fn bytes(endpoint: &HubEndpoint) -> Bytes {
        Bytes::from_owner(Self(endpoint.clone(), vec![0; 4000]))
    }
}

impl AsRef<[u8]> for Tells {
    fn as_ref(&self) -> &[u8] {
        &self.1
    }
}

impl Drop for Tells {
    fn drop(&mut self) {
        self.0.keyed("drops").sync_broadcast("dropped");
    }
}

#[tokio::test]
async fn replaced_message_whose_drop_broadcasts_waits_for_no_lock() {
    let server = start().await;
    let mut client = server.connect("/replacing").await;
    client.expect_text("in").await;
    let endpoint = server.hub().endpoint("/replacing");
    let keyed = endpoint.keyed("k");
    keyed.sync_broadcast(Tells::bytes(&endpoint));
    keyed.sync_broadcast("2");
    client.expect_texts(&["2", "dropped"]).await;
}

/// A way to send a message, given the key that it has if it has one.
type Way<'a> = &'a dyn Fn(&str, Message);

#[tokio::test]
async fn evicted_message_whose_drop_broadcasts_waits_for_no_lock() {
    let limits = Limits::default()
        .max_outbound_messages(2)
        .overflow(Overflow::DropOldest);
    let app = App::new().include_router(&REPLACING).limits(limits);
    let server = Server::start(app).await;
    let mut client = server.connect("/replacing").await;
    client.expect_text("in").await;
    let endpoint = server.hub().endpoint("/replacing");
    let id = endpoint.ids()[0];
    let ways: [Way<'_>; 3] = [
        &|_, message| endpoint.sync_send_to(id, message).expect("the oldest makes room"),
        &|_, message| assert_eq!(endpoint.sync_broadcast(message).queued, 1),
        &|key, message| assert_eq!(endpoint.keyed(key).sync_broadcast(message).queued, 1),
    ];
    for send in ways {
        send("1", Tells::bytes(&endpoint).into());
        endpoint.keyed("2").sync_broadcast("2");
        send("3", "3".into());
        // The drop's own message evicts the next one.
        client.expect_texts(&["3", "dropped"]).await;
    }
}

#[tokio::test]
async fn newest_notification_of_a_key_takes_the_place_of_the_one_that_is_not_written() {
    let server = start().await;
    let mut client = server.connect("/replacing").await;
    client.expect_text("in").await;
    let btc = server.hub().endpoint("/replacing").keyed("BTC");
    assert_eq!(btc.notify("price", &1).expect("JSON").replaced, 0);
    assert_eq!(btc.notify("price", &("BTC", 2)).expect("JSON").replaced, 1);
    client
        .expect_text(r#"{"jsonrpc":"2.0","method":"price","params":["BTC",2]}"#)
        .await;
}
