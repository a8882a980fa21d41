//! Keyed messages and the bounds of a queue.

use std::time::Duration;

use futures_util::FutureExt;
use robyn_ws::prelude::*;
use robyn_ws_tests::{RawClient, Server, until};
use tokio::join;

static FULL: SubRouter = SubRouter::new("/full_queues");

const KIB_64: usize = 64 * 1024;

#[websocket("/", on = "message", router = FULL)]
fn message() {}

async fn start(limits: Limits) -> Server {
    Server::start(App::new().include_router(&FULL).limits(limits)).await
}

/// Connects a client, and waits until it is in the hub.
async fn connect(server: &Server) -> RawClient {
    let client = server.raw("/full_queues").await;
    let endpoint = server.hub().endpoint("/full_queues");
    until("the client to be in the hub", || endpoint.count() == 1).await;
    client
}

fn two_messages(policy: Overflow) -> Limits {
    Limits::default().max_outbound_messages(2).overflow(policy)
}

/// Broadcasts messages of these keys, which nobody writes meanwhile. Returns the numbers of queued, replaced and dropped
/// ones.
fn broadcast(server: &Server, messages: &[&str]) -> Vec<[usize; 3]> {
    let endpoint = server.hub().endpoint("/full_queues");
    let deliveries = messages
        .iter()
        .map(|text| endpoint.keyed(&text[..1]).sync_broadcast(*text));
    deliveries
        .map(|delivery| [delivery.queued, delivery.replaced, delivery.dropped])
        .collect()
}

const QUEUED: [usize; 3] = [1, 0, 0];
const REPLACED: [usize; 3] = [1, 1, 0];

#[tokio::test]
async fn full_queue_still_takes_newer_messages_of_its_keys() {
    let server = start(two_messages(Overflow::DropNewest)).await;
    let mut client = connect(&server).await;
    let deliveries = broadcast(&server, &["a1", "b1", "c1", "b2", "a2"]);
    assert_eq!(deliveries, [QUEUED, QUEUED, [0, 0, 1], REPLACED, REPLACED]);
    client.expect_text("a2").await;
    client.expect_text("b2").await;
}

#[tokio::test]
async fn drop_oldest_drops_a_key_with_its_message() {
    let server = start(two_messages(Overflow::DropOldest)).await;
    let mut client = connect(&server).await;
    let deliveries = broadcast(&server, &["a1", "b1", "c1", "b2", "a2", "c2"]);
    assert_eq!(deliveries, [QUEUED, QUEUED, [1, 0, 1], REPLACED, [1, 0, 1], REPLACED]);
    client.expect_text("c2").await;
    client.expect_text("a2").await;
}

#[tokio::test]
async fn disconnect_closes_when_there_are_more_keys_than_messages() {
    let server = start(two_messages(Overflow::Disconnect)).await;
    let mut client = connect(&server).await;
    let deliveries = broadcast(&server, &["a1", "b1", "a2", "c1", "a3"]);
    assert_eq!(deliveries, [QUEUED, QUEUED, REPLACED, [0, 0, 1], [0, 0, 0]]);
    client.expect_text("a2").await;
    client.expect_text("b1").await;
    client.expect_close_code(1008).await;
}

#[tokio::test]
async fn longer_message_in_the_place_of_a_shorter_one_can_exceed_the_bytes() {
    // Each frame has two bytes of header.
    for (policy, delivery, left) in [
        (Overflow::DropNewest, [0, 0, 1], &["a1", "b1"][..]),
        (Overflow::DropOldest, [1, 1, 1], &["b is longer"]),
    ] {
        let server = start(Limits::default().max_outbound_bytes(16).overflow(policy)).await;
        let mut client = connect(&server).await;
        let deliveries = broadcast(&server, &["a1", "b1", "b is longer"]);
        assert_eq!(deliveries, [QUEUED, QUEUED, delivery], "{policy:?}");
        for text in left {
            client.expect_text(text).await;
        }
    }
    let server = start(Limits::default().max_outbound_bytes(16)).await;
    let mut client = connect(&server).await;
    let deliveries = broadcast(
        &server,
        &[
            "a is so long that it fits alone",
            "a is so long that it fits still, alone",
        ],
    );
    assert_eq!(deliveries, [QUEUED, REPLACED]);
    broadcast(&server, &["a1", "b1", "a 345678", "a 345678901"]);
    client.expect_text("a 345678").await;
    client.expect_text("b1").await;
    client.expect_close_code(1008).await;
}

/// Fills the queue of a client that does not read. Only keyed messages can be replaced in it.
async fn fill(server: &Server) {
    let endpoint = server.hub().endpoint("/full_queues");
    let id = endpoint.ids()[0];
    while endpoint.async_send_to(id, vec![0; KIB_64]).await.is_ok() {}
}

/// Reads until this text, and returns the texts before it.
async fn texts_until(client: &mut RawClient, last: &str) -> Vec<String> {
    let mut texts = Vec::new();
    loop {
        let (_, payload) = client.next().await;
        match String::from_utf8(payload) {
            Ok(text) if text == last => return texts,
            Ok(text) if !text.starts_with('\0') => texts.push(text),
            _ => {}
        }
    }
}

fn waiting(broadcast_timeout: Duration) -> Limits {
    two_messages(Overflow::DropNewest)
        .send_timeout(Duration::from_millis(50))
        .broadcast_timeout(broadcast_timeout)
}

#[tokio::test]
async fn message_that_waits_for_room_gives_way_to_a_newer_one_of_its_key() {
    let server = start(waiting(Duration::from_mins(1))).await;
    let mut client = connect(&server).await;
    fill(&server).await;
    let endpoint = server.hub().endpoint("/full_queues");
    let (a, b) = (endpoint.keyed("a"), endpoint.keyed("b"));
    let reading = async {
        let before = texts_until(&mut client, "a 2").await;
        assert!(before.iter().all(|text| text == "b 1"), "{before:?}");
    };
    let (old, other, new, ()) = join!(
        a.async_broadcast("a 1"),
        b.async_broadcast("b 1"),
        a.async_broadcast("a 2"),
        reading
    );
    assert_eq!((old.queued, old.dropped, old.replaced), (0, 0, 0));
    assert_eq!((new.queued, other.queued), (1, 1));
    a.async_broadcast("a 3").await;
    let between = texts_until(&mut client, "a 3").await;
    assert!(between.iter().all(|text| text == "b 1"), "{between:?}");
}

#[tokio::test]
async fn wait_for_room_is_bounded_by_the_broadcast_timeout() {
    let server = start(waiting(Duration::from_millis(50))).await;
    let _client = connect(&server).await;
    fill(&server).await;
    let delivery = server
        .hub()
        .endpoint("/full_queues")
        .keyed("a")
        .async_broadcast("a 1")
        .await;
    assert_eq!((delivery.queued, delivery.dropped), (0, 1));
}

#[tokio::test]
async fn message_whose_wait_is_abandoned_is_not_sent() {
    let server = start(waiting(Duration::from_mins(1))).await;
    let mut client = connect(&server).await;
    fill(&server).await;
    let a = server.hub().endpoint("/full_queues").keyed("a");
    let mut abandoned = Box::pin(a.async_broadcast("a 1"));
    assert!((&mut abandoned).now_or_never().is_none());
    drop(abandoned);
    let (delivery, before) = join!(a.async_broadcast("a 2"), texts_until(&mut client, "a 2"));
    assert_eq!((delivery.queued, before), (1, vec![]));
}
