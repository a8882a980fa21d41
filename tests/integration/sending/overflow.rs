//! A client's full queue: every policy, and nobody else waits.

use std::time::Duration;

use robyn_ws::prelude::*;
use robyn_ws_tests::{FIN, Probe, RawClient, Seen, Server, TEXT, frame, probe, within};

const KIB_64: usize = 64 * 1024;

/// A sync handler runs while nothing is written, so that the queue fills exactly.
#[websocket("/overflow/self", on = "message")]
fn send_three(ws: WebSocketConnector) -> String {
    let results: Vec<_> = ["1", "2", "3"].into_iter().map(|text| ws.sync_send(text)).collect();
    format!("{results:?}")
}

fn two_messages(policy: Overflow) -> App {
    App::new().limits(Limits::default().max_outbound_messages(2).overflow(policy))
}

#[tokio::test]
async fn drop_newest_refuses_what_does_not_fit() {
    let server = Server::start(two_messages(Overflow::DropNewest)).await;
    let mut client = server.connect("/overflow/self").await;
    client.send("go").await;
    client
        .expect_texts(&["1", "2", "[Ok(()), Ok(()), Err(QueueFull)]"])
        .await;
    let counters = server.hub().endpoint("/overflow/self").counters();
    assert_eq!(counters.messages_dropped, 1);
}

#[tokio::test]
async fn drop_oldest_makes_room() {
    let server = Server::start(two_messages(Overflow::DropOldest)).await;
    let mut client = server.connect("/overflow/self").await;
    client.send("go").await;
    client.expect_texts(&["2", "3", "[Ok(()), Ok(()), Ok(())]"]).await;
    let counters = server.hub().endpoint("/overflow/self").counters();
    assert_eq!(counters.messages_dropped, 1);
}

#[tokio::test]
async fn disconnect_closes_with_1008_and_names_the_limit() {
    let server = Server::start(two_messages(Overflow::Disconnect)).await;
    let mut client = server.connect("/overflow/self").await;
    client.send("go").await;
    client
        .expect_texts(&["1", "2", "[Ok(()), Ok(()), Err(QueueFull)]"])
        .await;
    let reason = "too slow: exceeded Limits::max_outbound_messages or Limits::max_outbound_bytes";
    client.expect_close(1008, reason).await;
}

#[tokio::test]
async fn bytes_are_bounded_like_messages() {
    // Each frame has two bytes of header and one of payload.
    let limits = Limits::default().max_outbound_bytes(7).overflow(Overflow::DropNewest);
    let server = Server::start(App::new().limits(limits)).await;
    let mut client = server.connect("/overflow/self").await;
    client.send("go").await;
    client
        .expect_texts(&["1", "2", "[Ok(()), Ok(()), Err(QueueFull)]"])
        .await;
}

#[websocket("/overflow/echo", on = "message")]
fn echo(msg: &str) -> &str {
    msg
}

#[tokio::test]
async fn reply_that_filled_the_queue_holds_up_the_next_message_only_until_it_is_written() {
    let server = Server::start(App::new().limits(Limits::default().max_outbound_messages(1))).await;
    let mut client = server.raw("/overflow/echo").await;
    let two = [frame(FIN | TEXT, "one"), frame(FIN | TEXT, "two")].concat();
    client.send_bytes(&two).await;
    client.expect_text("one").await;
    client.expect_text("two").await;
}

#[websocket("/overflow/long", on = "message")]
fn send_long(ws: WebSocketConnector, msg: &str) -> Result<(), SendError> {
    ws.sync_send(msg)
}

#[tokio::test]
async fn one_message_always_fits_into_an_empty_queue() {
    let server = Server::start(App::new().limits(Limits::default().max_outbound_bytes(10))).await;
    let mut client = server.connect("/overflow/long").await;
    let long = "x".repeat(KIB_64);
    client.ask(long.as_str(), &long).await;
}

#[websocket("/overflow/patient", on = "message")]
async fn send_many(ws: WebSocketConnector) -> Result<&'static str, SendError> {
    for number in 0..50 {
        ws.async_send(number.to_string()).await?;
    }
    Ok("done")
}

#[tokio::test]
async fn async_send_waits_for_room_and_loses_nothing() {
    let server = Server::start(App::new().limits(Limits::default().max_outbound_messages(1))).await;
    let mut client = server.connect("/overflow/patient").await;
    client.send("go").await;
    for number in 0..50 {
        client.expect_text(&number.to_string()).await;
    }
    client.expect_text("done").await;
}

// ---- a client that does not read ---------------------------------------------------------------------------------------

static STUCK: SubRouter = SubRouter::new("/overflow/stuck");

#[websocket("/", on = "connect", router = STUCK)]
fn stuck_connect(ws: &WebSocketConnector, probe: Global<Probe>) {
    probe.note(ws.id());
}

#[websocket("/", on = "message", router = STUCK)]
fn stuck_message(msg: String) -> String {
    msg
}

#[websocket("/", on = "close", router = STUCK)]
fn stuck_close(reason: &CloseReason, probe: Global<Probe>) {
    probe.note(format!("{reason:?}"));
}

/// Sends to a client that does not read, until its queue has been full for the send time-out.
async fn fill(server: &Server, id: &str) -> SendError {
    let endpoint = server.hub().endpoint("/overflow/stuck");
    let id: ConnectionId = id.parse().expect("an id was noted");
    let block = Bytes::from(vec![0; KIB_64]);
    let filling = async {
        loop {
            if let Err(error) = endpoint.async_send_to(id, block.clone()).await {
                return error;
            }
        }
    };
    within("the queue to fill", filling).await
}

async fn stuck_client(limits: Limits) -> (Server, RawClient, String, Seen) {
    let (probe, mut seen) = probe();
    let app = App::new().inject_global(probe).include_router(&STUCK).limits(limits);
    let server = Server::start(app).await;
    let stuck = server.raw("/overflow/stuck").await;
    let id = seen.next().await;
    (server, stuck, id, seen)
}

fn dropping(send_timeout: Duration) -> Limits {
    Limits::default()
        .overflow(Overflow::DropNewest)
        .send_timeout(send_timeout)
}

#[tokio::test]
async fn async_send_times_out_and_says_so() {
    let (server, _stuck, id, _seen) = stuck_client(dropping(Duration::from_millis(50))).await;
    assert_eq!(fill(&server, &id).await, SendError::TimedOut);
    assert_eq!(
        server.hub().count(),
        1,
        "the policy is to drop the message, not the client"
    );
}

#[tokio::test]
async fn full_client_does_not_hold_up_a_sync_broadcast_to_the_others() {
    let (server, _stuck, id, mut seen) = stuck_client(dropping(Duration::from_millis(50))).await;
    let mut healthy = server.connect("/overflow/stuck").await;
    seen.next().await;
    fill(&server, &id).await;
    let delivery = server.hub().endpoint("/overflow/stuck").sync_broadcast(vec![7; KIB_64]);
    assert_eq!((delivery.queued, delivery.dropped), (1, 1));
    healthy.expect(vec![7; KIB_64]).await;
}

#[tokio::test]
async fn full_client_does_not_hold_up_an_async_broadcast_to_the_others() {
    let limits = dropping(Duration::from_millis(50)).broadcast_timeout(Duration::from_mins(1));
    let (server, _stuck, id, mut seen) = stuck_client(limits).await;
    let mut healthy = server.connect("/overflow/stuck").await;
    seen.next().await;
    fill(&server, &id).await;
    let endpoint = server.hub().endpoint("/overflow/stuck");
    let broadcast = tokio::spawn(async move { endpoint.async_broadcast(vec![7; KIB_64]).await });
    healthy.expect(vec![7; KIB_64]).await;
    assert!(!broadcast.is_finished(), "it still waits for the full client");
    broadcast.abort();
}

#[tokio::test]
async fn async_broadcast_is_bounded_by_the_broadcast_timeout() {
    let limits = dropping(Duration::from_millis(50)).broadcast_timeout(Duration::from_millis(50));
    let (server, _stuck, id, _seen) = stuck_client(limits).await;
    fill(&server, &id).await;
    let endpoint = server.hub().endpoint("/overflow/stuck");
    let delivery = within("the broadcast timeout", endpoint.async_broadcast(vec![7; KIB_64])).await;
    assert_eq!((delivery.queued, delivery.dropped), (0, 1));
}

#[tokio::test]
async fn slow_client_is_sent_nothing_more_and_its_close_handler_is_told() {
    let limits = Limits::default().close_timeout(Duration::from_millis(100));
    let (server, _stuck, id, mut seen) = stuck_client(limits).await;
    let endpoint = server.hub().endpoint("/overflow/stuck");
    let id: ConnectionId = id.parse().expect("an id was noted");
    // Nothing is awaited, so nothing is written meanwhile.
    while endpoint.sync_send_to(id, vec![0; KIB_64]).is_ok() {}
    assert_eq!(endpoint.sync_send_to(id, "more"), Err(SendError::NotConnected));
    assert_eq!(endpoint.sync_broadcast("more").queued, 0);
    seen.expect("SlowConsumer").await;
    assert_eq!(endpoint.count(), 0);
}

#[tokio::test]
async fn client_that_leaves_its_replies_untaken_is_a_slow_consumer() {
    let limits = Limits::default()
        .send_timeout(Duration::from_millis(100))
        .close_timeout(Duration::from_millis(100));
    let (_server, mut stuck, _id, mut seen) = stuck_client(limits).await;
    let flood = tokio::spawn(async move {
        let frame = frame(FIN | TEXT, "x".repeat(KIB_64));
        loop {
            stuck.send_bytes(&frame).await;
        }
    });
    seen.expect("SlowConsumer").await;
    flood.abort();
}
