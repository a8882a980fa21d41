//! Tasks and connections end with the app.

use robyn_ws::{Health, prelude::*};
use robyn_ws_tests::{RedisServer, until};
use tokio::runtime::Handle;

use crate::nodes::Nodes;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_and_connections_end_with_the_app() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let tasks = || Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for _ in 0..5 {
        let nodes = Nodes::start(&server, 3).await;
        let (mut client, _) = nodes.connect(2, 1).await;
        nodes.endpoint(0).sync_broadcast("hi");
        assert_eq!(client.receive_text().await, "hi");
        server.wait_for_connections(3 * 2).await;
        drop((client, nodes));
        server.wait_for_connections(0).await;
        until("all tasks to end", || tasks() == before).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_sends_right_before_its_end_arrives() {
    const MESSAGES: usize = 500;
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let nodes = Nodes::start(&server, 1).await;
    let (mut client, _) = nodes.connect(0, 0).await;
    let ending = Nodes::start_with(1, async || Redis::connect(server.url()).await.expect("it is there")).await;
    ending.until(Health::Up).await;
    for number in 0..MESSAGES {
        ending.endpoint(0).sync_broadcast(number.to_string());
    }
    ending.end().await;
    for number in 0..MESSAGES {
        assert_eq!(client.receive_text().await, number.to_string());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backplane_that_no_app_has_opened_closes_its_connections() {
    let Some(server) = RedisServer::start("").await else {
        return;
    };
    let redis = Redis::connect(server.url()).await.expect("it is there");
    server.wait_for_connections(2).await;
    drop(redis);
    server.wait_for_connections(0).await;
}
