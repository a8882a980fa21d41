//! Broadcasts reach the connections of all nodes, once and in their order.

use robyn_ws::{BackplaneDelivery, Publisher, prelude::*};
use robyn_ws_tests::RedisServer;

use crate::nodes::{AT_START, Nodes, PATH};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_messages_arrive_once_and_in_order_on_three_nodes() {
    const MESSAGES: usize = 10_000;
    // The clients read those before the next ones are sent, so that no queue is full.
    const AT_ONCE: usize = 200;
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let nodes = Nodes::start(&server, 3).await;
    let mut clients = Vec::new();
    for node in 0..3 {
        clients.push(nodes.connect(node, 1).await.0);
    }
    server.wait_for_subscriptions(3 * AT_START + 3, 0).await;
    for first in (0..MESSAGES).step_by(AT_ONCE) {
        for number in first..first + AT_ONCE {
            let delivery = nodes.endpoint(1).to("room0").sync_broadcast(number.to_string());
            assert_eq!((delivery.queued, delivery.backplane), (1, BackplaneDelivery::Queued));
        }
        for client in &mut clients {
            for number in first..first + AT_ONCE {
                assert_eq!(client.receive_text().await, number.to_string());
            }
        }
    }
    for node in 0..3 {
        let counters = nodes.hub(node).backplane_counters().expect("a backplane");
        let wrong =
            counters.dropped + counters.repeated + counters.gaps + counters.late + counters.lost + counters.ignored;
        assert_eq!(wrong, 0, "{counters:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apps_with_different_prefixes_on_one_server_do_not_mix() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let with_prefix = async |prefix| Redis::connect(server.url()).await?.prefix(prefix);
    let one = Nodes::start_with(1, async || with_prefix("chat").await.expect("a prefix")).await;
    let other = Nodes::start_with(2, async || with_prefix("chat.b").await.expect("a prefix")).await;
    server.wait_for_subscriptions(3 * AT_START, 0).await;
    let (mut there, _) = other.connect(0, 0).await;
    one.endpoint(0).sync_broadcast("to nobody");
    other.endpoint(1).sync_broadcast("end");
    assert_eq!(there.receive_text().await, "end");
    let received = one.hub(0).backplane_counters().expect("a backplane").received;
    assert_eq!(received, 0, "it has heard of no other node");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn publisher_can_publish_at_once_and_long_messages_too() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let nodes = Nodes::start(&server, 1).await;
    let (mut client, _) = nodes.connect(0, 0).await;
    let publisher = Publisher::new(Redis::connect(server.url()).await.expect("it is there"));
    publisher.endpoint(PATH).broadcast("first").await.expect("published");
    assert_eq!(client.receive_text().await, "first");
    let long = vec![7; 8_000_000];
    publisher
        .endpoint(PATH)
        .broadcast(long.clone())
        .await
        .expect("published");
    assert_eq!(client.receive_bytes().await, long);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_is_longer_than_the_server_takes_is_told() {
    let Some(server) = RedisServer::start("--proto-max-bulk-len 1mb").await else {
        return;
    };
    let nodes = Nodes::start(&server, 1).await;
    let delivery = nodes.endpoint(0).sync_broadcast(vec![0; 1024 * 1024]);
    assert_eq!(delivery.backplane, BackplaneDelivery::TooLarge);
    let delivery = nodes.endpoint(0).sync_broadcast(vec![0; 1_000_000]);
    assert_eq!(delivery.backplane, BackplaneDelivery::Queued);
}
