//! What a backplane costs the connections of a node itself, while its broker is there and while it is not.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use tokio::time::sleep;

use crate::{
    broker::{Broker, Kind},
    load::crowd::{Crowd, Speaker},
    node::Node,
    serve::Peer,
};

const MEMBERS: u64 = 10;

const ROUNDS: usize = 10;

/// Longer than a node needs to notice that its broker does not answer.
const NOTICED: Duration = Duration::from_secs(5);

/// One node, with members of one room.
#[derive(Debug)]
struct Subject {
    name: &'static str,
    node: Node,
    crowd: Crowd,
    speaker: Speaker,
    said: u64,
    times: Histogram<u64>,
    cpu: Duration,
}

impl Subject {
    async fn start(name: &'static str, broker: Option<&Broker>) -> Result<Self> {
        let url = broker.map(Broker::url);
        let node = Node::start(Peer::RobynWs, url.as_deref())?;
        let mut crowd = Crowd::new();
        let mut speaker = crowd.join(&node, "red").await?;
        for _ in 1..MEMBERS {
            speaker = crowd.join(&node, "red").await?;
        }
        Ok(Self {
            name,
            node,
            crowd,
            speaker,
            said: 0,
            times: Histogram::new(3)?,
            cpu: Duration::ZERO,
        })
    }

    /// Broadcasts one message after the other, each when all have heard the one before.
    async fn round(&mut self, messages: u64) -> Result<()> {
        let before = self.node.process.cpu()?;
        for number in self.said..self.said + messages {
            let said = Instant::now();
            self.speaker.send(("red".to_owned(), format!("{number:08}"))).await?;
            self.crowd.hear(MEMBERS).await?;
            self.times.record(u64::try_from(said.elapsed().as_nanos())?)?;
        }
        self.said += messages;
        self.cpu += self.node.process.cpu()?.saturating_sub(before);
        Ok(())
    }
}

pub(super) async fn compare(quick: bool) -> Result<()> {
    let messages = if quick { 500 } else { 4_000 };
    println!(
        "\nA broadcast to {MEMBERS} connections of one node, {} messages in {ROUNDS} rounds in turns",
        messages * 10
    );
    println!("{:36} {:>12} {:>12} {:>12} {:>12}", "", "CPU", "median", "p99", "p99.9");
    let brokers = [
        Broker::start(Kind::Nats)?,
        Broker::start(Kind::Nats)?,
        Broker::start(Kind::Redis)?,
    ];
    let mut subjects = [
        Subject::start("no backplane", None).await?,
        Subject::start("NATS", Some(&brokers[0])).await?,
        Subject::start("NATS that does not answer", Some(&brokers[1])).await?,
        Subject::start("Redis that does not answer", Some(&brokers[2])).await?,
    ];
    for broker in &brokers[1..] {
        broker.process.signal("STOP")?;
    }
    sleep(NOTICED).await;
    for _ in 0..ROUNDS {
        for subject in &mut subjects {
            subject.round(messages).await?;
        }
    }
    for subject in &subjects {
        let [median, high, higher] =
            [0.5, 0.99, 0.999].map(|quantile| Duration::from_nanos(subject.times.value_at_quantile(quantile)));
        let cpu = subject.cpu / u32::try_from(subject.said)?;
        println!(
            "{:36} {cpu:>12.2?} {median:>12.2?} {high:>12.2?} {higher:>12.2?}",
            subject.name
        );
    }
    for broker in &brokers[1..] {
        broker.process.signal("CONT")?;
    }
    Ok(())
}
