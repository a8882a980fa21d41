//! People who come and go quickly on all nodes.
//!
//! `ROBYN_WS_JOINS=full cargo test --release -p robyn-ws-tests --test nodes joins -- --nocapture` runs the whole of it:
//! 100,000 joins and leaves within a minute.

use std::{
    env,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use robyn_ws_tests::Client;

use crate::{
    app::{LOADED, Node},
    broker::over_each,
};

const NODES: usize = 3;
const WORKERS_A_NODE: usize = 10;
const ROOMS: usize = 5;

/// Joins and leaves that a client asks for before it waits.
const BATCH: usize = 10;

/// Memory that a node may take more than at the start, in KiB, by buffers and what the allocator keeps.
const MORE_MEMORY: u64 = 32 * 1024;

/// Returns the number of joins and leaves.
fn chosen() -> usize {
    if env::var_os("ROBYN_WS_JOINS").is_some_and(|chosen| chosen == "full") {
        100_000
    } else {
        5000
    }
}

/// Joins and leaves, each room in turn, and stays in one at the end if its number is even.
async fn come_and_go(client: &mut Client, number: usize, changes: usize) {
    for pair in 0..changes / 2 {
        let room = (number + pair) % ROOMS;
        client.send(format!("enter room-{room}")).await;
        client.send(format!("exit room-{room}")).await;
        if pair % BATCH == 0 {
            client.ask("deliver nobody x", "Queued").await;
        }
    }
    if number.is_multiple_of(2) {
        client.send(format!("enter room-{}", number % ROOMS)).await;
    }
    client.ask("deliver nobody x", "Queued").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_nodes_agree_on_who_is_there_after_thousands_of_joins_and_leaves() {
    over_each(async |broker| {
        let all_rooms: Vec<_> = (0..ROOMS).map(|room| format!("room-{room}")).collect();
        let (mut nodes, mut workers, mut watchers, mut before) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for number in 0..NODES {
            let mut node = Node::start(&broker.url()).await;
            let query = format!("user=watcher-{number}&rooms={}", all_rooms.join(","));
            watchers.push(node.connect(&query).await);
            for worker in 0..WORKERS_A_NODE {
                let number = number * WORKERS_A_NODE + worker;
                workers.push(node.connect(&format!("user=user-{number}")).await.0);
            }
            before.push(node.ask("memory").await);
            nodes.push(node);
        }
        let changes = chosen();
        let begun = Instant::now();
        let each = changes / workers.len();
        let coming_and_going = workers
            .iter_mut()
            .enumerate()
            .map(|(number, client)| come_and_go(client, number, each));
        join_all(coming_and_going).await;
        let took = begun.elapsed();
        assert!(took < Duration::from_mins(1), "{took:?}");
        for (room, name) in all_rooms.iter().enumerate() {
            let watchers = (0..NODES).map(|number| format!("watcher-{number}:1"));
            let stayed = (0..workers.len()).filter(|number| number % 2 == 0 && number % ROOMS == room);
            let expected: Vec<_> = watchers
                .chain(stayed.map(|number| format!("user-{number}:1")))
                .collect();
            let expected: Vec<_> = expected.iter().map(String::as_str).collect();
            for node in &mut nodes {
                node.expect_people(name, &expected, Duration::from_secs(11) + LOADED)
                    .await;
            }
        }
        let agreed = begun.elapsed().saturating_sub(took);
        println!("{changes} joins and leaves in {took:.1?}, all agree after {agreed:.1?}");
        for (node, before) in nodes.iter_mut().zip(before) {
            let [before, after] = [before, node.ask("memory").await].map(|kib| kib.parse::<u64>().expect("a number"));
            println!("memory {before} KiB, {after} KiB; {:?}", node.counters().await);
            assert!(after < before + MORE_MEMORY, "{before} KiB became {after} KiB");
        }
    })
    .await;
}
