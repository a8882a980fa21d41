//! A broker that one node reaches slowly.

use std::time::{Duration, Instant};

use robyn_ws_tests::{Client, NatsServer};
use tokio::time::timeout;

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
async fn broker_with_latency_holds_up_no_own_members_and_loses_nothing() {
    const MESSAGES: usize = 20;
    const LATENCY: Duration = Duration::from_millis(500);
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
    let seen = nodes[0].counters().await;
    assert_eq!((seen.dropped, seen.lost), (0, 0), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_trickles_to_the_broker_comes_once_and_in_order_and_nothing_of_it_is_old() {
    /// Twice as many as the broker gets in the time.
    const MESSAGES: usize = 100;
    /// What is late, and what a machine with much to do may add.
    const OLD: Duration = Duration::from_secs(5);
    let Some(server) = NatsServer::start().await else {
        return;
    };
    let (proxy, mut nodes, mut members) = start(&server).await;
    proxy.trickle(8_000);
    let (mut slowest, mut said, mut come) = (Duration::ZERO, Vec::new(), Vec::new());
    let padding = "x".repeat(1000);
    for number in 0..MESSAGES {
        let at = Instant::now();
        said.push(at);
        let text = format!("{number} {padding}");
        nodes[0].say("red", &text).await;
        members[0].expect_text(&text).await;
        slowest = slowest.max(at.elapsed());
        while let Ok(text) = timeout(Duration::from_millis(60), members[1].text()).await {
            come.push(arrived(&text, &said));
        }
    }
    assert!(slowest < Duration::from_secs(2), "own members waited {slowest:?}");
    proxy.trickle(0);
    // What the system holds comes, and then something new.
    let (coming, most) = (Instant::now(), Duration::from_secs(10) + LOADED);
    loop {
        nodes[0].say("red", "new").await;
        match timeout(Duration::from_millis(100), members[1].text()).await {
            Ok(text) if text == "new" => break,
            Ok(text) => come.push(arrived(&text, &said)),
            Err(_) => assert!(coming.elapsed() < most, "nothing comes"),
        }
    }
    assert!(
        come.is_sorted_by(|one, next| one.0 < next.0),
        "each comes once, in order"
    );
    let oldest = come.iter().map(|(_, age)| *age).max().expect("some come at once");
    let [sender, receiver] = [nodes[0].counters().await, nodes[1].counters().await];
    assert!(oldest < OLD, "{oldest:?}, {sender:?}, {receiver:?}");
    assert!(sender.dropped + receiver.late > 0, "{sender:?}, {receiver:?}");
}

/// Returns the number of a message, and how long it took.
fn arrived(text: &str, said: &[Instant]) -> (usize, Duration) {
    let number = text.split(' ').next().and_then(|number| number.parse().ok());
    let number: usize = number.expect("a number");
    (number, said[number].elapsed())
}
