//! What a broadcast across two nodes costs them and the broker.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::{
    broker::{Broker, Kind},
    load::{PEERS, crowd::Crowd},
    node::Node,
    serve::Peer,
};

/// Bytes of a text.
const SIZE: usize = 64;

/// Messages that are on the way at once.
const BURST: usize = 16;

const ROUNDS: usize = 3;

/// Rooms, and who is in them.
#[derive(Clone, Copy, Debug)]
struct Load {
    name: &'static str,
    rooms: usize,
    /// Members of each room on each node.
    members: usize,
    messages: usize,
}

const LOADS: [Load; 2] = [
    Load {
        name: "1 room, 100 members on each node",
        rooms: 1,
        members: 100,
        messages: 4_000,
    },
    Load {
        name: "200 rooms, 1 member of each on each node",
        rooms: 200,
        members: 1,
        messages: 40_000,
    },
];

/// The time that each has run for one message.
#[derive(Clone, Copy, Debug)]
struct Cost {
    publisher: Duration,
    receiver: Duration,
    broker: Duration,
}

pub(super) async fn compare(quick: bool) -> Result<()> {
    for mut load in LOADS {
        if quick {
            load.messages /= 4;
        }
        println!(
            "\n{}, {SIZE} bytes, {BURST} at once: CPU for each message, medians of {ROUNDS} rounds",
            load.name
        );
        println!(
            "{:36} {:>12} {:>12} {:>12} {:>26}",
            "", "publisher", "receiver", "broker", "deliveries per CPU second"
        );
        let mut costs = vec![Vec::new(); PEERS.len()];
        for _ in 0..ROUNDS {
            for ((peer, kind), costs) in PEERS.into_iter().zip(&mut costs) {
                let cost = measure(peer, kind, load).await;
                costs.push(cost.with_context(|| format!("{peer:?} over {kind}"))?);
            }
        }
        for ((peer, kind), costs) in PEERS.into_iter().zip(&costs) {
            let publisher = median(costs, |cost| cost.publisher);
            let receiver = median(costs, |cost| cost.receiver);
            let broker = median(costs, |cost| cost.broker);
            let deliveries = 2.0 * f64::from(u32::try_from(load.members)?);
            let rate = deliveries / (publisher + receiver).as_secs_f64();
            println!(
                "{:36} {publisher:>12.2?} {receiver:>12.2?} {broker:>12.2?} {rate:>26.0}",
                format!("{peer:?} over {kind}")
            );
        }
    }
    Ok(())
}

fn median(costs: &[Cost], part: fn(&Cost) -> Duration) -> Duration {
    let mut values: Vec<Duration> = costs.iter().map(part).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

async fn measure(peer: Peer, kind: Kind, load: Load) -> Result<Cost> {
    let broker = Broker::start(kind)?;
    let url = broker.url();
    let nodes = [Node::start(peer, Some(&url))?, Node::start(peer, Some(&url))?];
    let mut crowd = Crowd::new();
    let mut speaker = None;
    for room in 0..load.rooms {
        for _ in 0..load.members {
            for node in nodes.iter().rev() {
                speaker = Some(crowd.join(node, &format!("r{room}")).await?);
            }
        }
    }
    // It is on the first node.
    let speaker = speaker.context("a room has a member")?;
    // Subscriptions take a moment.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let before = [nodes[0].process.cpu()?, nodes[1].process.cpu()?, broker.process.cpu()?];
    let padding = "x".repeat(SIZE - 8);
    for burst in 0..load.messages / BURST {
        for number in burst * BURST..(burst + 1) * BURST {
            let (room, turn) = (number % load.rooms, number / load.rooms);
            speaker
                .send((format!("r{room}"), format!("{turn:08}{padding}")))
                .await?;
        }
        crowd.hear((BURST * load.members * nodes.len()).try_into()?).await?;
    }
    let after = [nodes[0].process.cpu()?, nodes[1].process.cpu()?, broker.process.cpu()?];
    let messages = u32::try_from(load.messages)?;
    let [publisher, receiver, broker] = [0, 1, 2].map(|part| after[part].saturating_sub(before[part]) / messages);
    Ok(Cost {
        publisher,
        receiver,
        broker,
    })
}
