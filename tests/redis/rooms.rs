//! Nodes with many rooms.

use robyn_ws::Health;
use robyn_ws_tests::RedisServer;

use crate::nodes::{AT_START, Nodes};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nine_thousand_rooms_are_channels_that_come_back_with_the_server() {
    const ROOMS: usize = 9000;
    let Some(mut server) = RedisServer::start("").await else {
        return;
    };
    let nodes = Nodes::start(&server, 2).await;
    let (mut client, _) = nodes.connect(0, ROOMS).await;
    server.wait_for_subscriptions(2 * AT_START + ROOMS, 0).await;
    server.kill();
    nodes.until(Health::Down).await;
    server.run().await;
    server.wait_for_subscriptions(2 * AT_START + ROOMS, 0).await;
    nodes.endpoint(1).to("room8999").sync_broadcast("to the last");
    assert_eq!(client.receive_text().await, "to the last");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_than_ten_thousand_rooms_are_patterns_and_get_each_message_once() {
    const ROOMS: usize = 11_000;
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let nodes = Nodes::start(&server, 2).await;
    let (mut client, _) = nodes.connect(0, ROOMS).await;
    // The subject of the endpoint is in a partition as well.
    server.wait_for_subscriptions(2 * AT_START - 1, 256).await;
    for room in ["room0", "room10999"] {
        nodes.endpoint(1).to(room).sync_broadcast(room);
        assert_eq!(client.receive_text().await, room);
    }
    nodes.endpoint(1).sync_broadcast("to all");
    assert_eq!(client.receive_text().await, "to all");
}
