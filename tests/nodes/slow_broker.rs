//! A broker that one node reaches slowly.

use std::time::{Duration, Instant};

use robyn_ws_tests::{Client, NatsServer};

use crate::{
    app::{LOADED, Node, settle},
    proxy::Proxy,
};

/// Starts a node behind a proxy and one without, each with a member of the room.
async fn start(server: &NatsServer) -> (Proxy, Vec<Node>, Vec<Client>) {
    let proxy = Proxy::start(&server.url()).await;
    let mut nodes = vec![Node::start(&proxy.url()).await, Node::start(&server.url()).await];
    let mut members = Vec::new();
    for node in &nodes {
        members.push(node.connect("rooms=red").await.0);
    }
    settle(&mut nodes, "red", &mut members).await;
    (proxy, nodes, members)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broker_with_a_second_of_latency_holds_up_no_own_members_and_loses_nothing() {
    const MESSAGES: usize = 20;
    const LATENCY: Duration = Duration::from_secs(1);
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let (proxy, mut nodes, mut members) = start(&server).await;
    proxy.delay(LATENCY);
    let (mut slowest, mut latest) = (Duration::ZERO, Instant::now());
    let first = Instant::now();
    for number in 0..MESSAGES {
        latest = Instant::now();
        let text = number.to_string();
        nodes[0].say("red", &text).await;
        members[0].expect_text(&text).await;
        slowest = slowest.max(latest.elapsed());
    }
    assert!(slowest < LATENCY, "{slowest:?}");
    for number in 0..MESSAGES {
        members[1].expect_text(&number.to_string()).await;
        assert!(first.elapsed() >= LATENCY, "it takes the slow way");
    }
    let came = latest.elapsed();
    assert!(came < LATENCY + Duration::from_secs(1) + LOADED, "{came:?}");
    println!("own members waited {slowest:.1?}, others {came:.1?}");
    let seen = nodes[0].counters().await;
    assert_eq!((seen.dropped, seen.lost), (0, 0), "{seen:?}");
}
