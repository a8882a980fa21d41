//! What clients see of a broker that does not answer for some seconds, and then goes on.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use anyhow::Result;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use crate::{
    broker::{Broker, Kind},
    load::PEERS,
    node::{Client, Node},
    serve::Peer,
};

/// Time between two messages.
const PACE: Duration = Duration::from_millis(10);

/// What arrives after this time is late.
const LATE: Duration = Duration::from_secs(1);

/// How long the broker is there, stands still, and is there again.
const TIMES: [u64; 3] = [3, 8, 6];

/// What came, by number, and when.
type Heard = BTreeMap<usize, Instant>;

pub(super) async fn compare(quick: bool) -> Result<()> {
    let [before, outage, after] = TIMES.map(|seconds| Duration::from_secs(seconds) / if quick { 2 } else { 1 });
    println!(
        "\nThe broker stands still for {outage:?} of {:?}, a message each {PACE:?} to a room",
        before + outage + after
    );
    println!(
        "{:28} {:>16} {:>12} {:>14} {:>10} {:>12} {:>14}",
        "", "own client: max", "not heard", "other: missing", "late", "latest", "back after"
    );
    for (peer, kind) in PEERS {
        match observe(peer, kind, [before, outage, after]).await {
            Ok(line) => println!("{:28} {line}", format!("{peer:?} over {kind}")),
            Err(error) => println!("{:28} failed: {error:#}", format!("{peer:?} over {kind}")),
        }
    }
    Ok(())
}

async fn observe(peer: Peer, kind: Kind, [before, outage, after]: [Duration; 3]) -> Result<String> {
    let broker = Broker::start(kind)?;
    let url = broker.url();
    let nodes = [Node::start(peer, Some(&url))?, Node::start(peer, Some(&url))?];
    let mut speaker = nodes[0].connect("red").await?;
    let [own, other] = [nodes[0].connect("red").await?, nodes[1].connect("red").await?];
    sleep(Duration::from_millis(500)).await;
    let whole = before + outage + after + 2 * LATE;
    let [own, other] = [own, other].map(|client| tokio::spawn(hear_all(client, whole)));

    let mut said = Vec::new();
    let start = Instant::now();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let (mut is_stopped, mut back) = (false, None);
    while start.elapsed() < before + outage + after {
        pace.tick().await;
        if !is_stopped && start.elapsed() >= before {
            broker.process.signal("STOP")?;
            is_stopped = true;
        }
        if back.is_none() && start.elapsed() >= before + outage {
            broker.process.signal("CONT")?;
            back = Some(Instant::now());
        }
        said.push(Instant::now());
        speaker.say("red", &format!("{:08}", said.len() - 1)).await?;
        // Its own are not counted, but must be read.
        while timeout(Duration::ZERO, speaker.hear()).await.is_ok() {}
    }
    Ok(describe(&said, &own.await??, &other.await??, back.unwrap_or(start)))
}

async fn hear_all(mut client: Client, time: Duration) -> Result<Heard> {
    let mut heard = Heard::new();
    let hearing = async {
        loop {
            let text = client.hear().await?;
            heard.entry(text.parse()?).or_insert_with(Instant::now);
        }
    };
    match timeout(time, hearing).await {
        Ok(ended) => ended,
        Err(_elapsed) => Ok(heard),
    }
}

fn describe(said: &[Instant], own: &Heard, other: &Heard, back: Instant) -> String {
    let delays = |heard: &Heard| -> Vec<Duration> { heard.iter().map(|(number, at)| *at - said[*number]).collect() };
    let (slowest, delays) = (delays(own).into_iter().max().unwrap_or_default(), delays(other));
    let late = delays.iter().filter(|delay| **delay > LATE).count();
    let latest = delays.iter().max().copied().unwrap_or_default();
    // The first that was said and heard after the broker went on.
    let first = other
        .iter()
        .filter(|(number, _)| said[**number] >= back)
        .map(|(_, at)| *at - back)
        .min();
    format!(
        "{slowest:>16.2?} {:>12} {:>14} {late:>10} {latest:>12.2?} {:>14.2?}",
        said.len() - own.len(),
        said.len() - other.len(),
        first.unwrap_or(Duration::MAX)
    )
}
