//! The whole run: scenario by scenario, and in each the peers in turn, round by round.

use std::time::Duration;

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cores::Cores,
    options::Options,
    peer::Peer,
    samples::{Metric, Sample, median},
    scenario::{self, Scenario},
    server::Server,
    work::Times,
};

pub(crate) struct Run {
    pub(crate) peers: Vec<&'static Peer>,
    pub(crate) results: Vec<Outcome>,
    pub(crate) failures: Vec<String>,
    cores: Cores,
    times: Times,
    rounds: usize,
    rounds_if_large: usize,
}

/// What came of a scenario.
pub(crate) struct Outcome {
    pub(crate) scenario: Scenario,
    /// For each peer that took part and did not fail.
    pub(crate) peers: Vec<(&'static Peer, Vec<Sample>)>,
}

impl Outcome {
    /// The median of a peer's rounds.
    pub(crate) fn median(&self, peer: &str, metric: Metric) -> Option<f64> {
        let (_, rounds) = self.peers.iter().find(|(own, _)| own.name == peer)?;
        let values = rounds.iter().flatten().filter(|(own, _)| *own == metric);
        median(values.map(|(_, value)| *value).collect())
    }
}

impl Run {
    pub(crate) fn new(options: &Options, cores: &Cores) -> Self {
        let milliseconds = Duration::from_millis;
        let (warm_up, measured, rounds, rounds_if_large) = if options.quick {
            (milliseconds(50), milliseconds(200), 3, 1)
        } else {
            (milliseconds(200), milliseconds(1_000), 5, 3)
        };
        Self {
            peers: options.peers(),
            results: scenario::all()
                .into_iter()
                .filter(|scenario| options.wants(scenario.kind))
                .map(|scenario| Outcome {
                    scenario,
                    peers: Vec::new(),
                })
                .collect(),
            failures: Vec::new(),
            cores: cores.clone(),
            times: Times { warm_up, measured },
            rounds,
            rounds_if_large,
        }
    }

    pub(crate) fn all(&mut self) -> Result<()> {
        ensure!(!self.peers.is_empty(), "there is no peer to measure");
        let bar = self.bar()?;
        for mut outcome in std::mem::take(&mut self.results) {
            self.one(&mut outcome, &bar);
            self.results.push(outcome);
        }
        bar.finish_and_clear();
        Ok(())
    }

    fn one(&mut self, outcome: &mut Outcome, bar: &ProgressBar) {
        let scenario = &outcome.scenario;
        let peers = self.peers.iter().filter(|peer| peer.takes_part_in(scenario.kind));
        outcome.peers = peers.map(|&peer| (peer, Vec::new())).collect();
        for round in 0..self.rounds_of(scenario) {
            // Another one begins each time, so that nobody always follows the same.
            let count = outcome.peers.len();
            let mut failed = Vec::new();
            for turn in 0..count {
                let (peer, rounds) = &mut outcome.peers[(turn + round) % count];
                bar.set_message(format!("{}: {}", scenario.title, peer.title));
                let sample =
                    Server::start(peer, &self.cores).and_then(|server| scenario.work.measure(&server, self.times));
                match sample {
                    Ok(sample) => rounds.push(sample),
                    Err(error) => {
                        let failure = format!("{}: {}: {error:#}", scenario.title, peer.title);
                        bar.println(format!("FAILED: {failure}"));
                        self.failures.push(failure);
                        failed.push(peer.name);
                    }
                }
                bar.inc(1);
            }
            outcome.peers.retain(|(peer, _)| !failed.contains(&peer.name));
        }
    }

    pub(crate) fn rounds_of(&self, scenario: &Scenario) -> usize {
        if scenario.is_large {
            self.rounds_if_large
        } else {
            self.rounds
        }
    }

    /// One step is one round of one peer. It is drawn between the measurements only.
    fn bar(&self) -> Result<ProgressBar> {
        let steps = self.results.iter().map(|outcome| {
            let kind = outcome.scenario.kind;
            let peers = self.peers.iter().filter(|peer| peer.takes_part_in(kind)).count();
            peers * self.rounds_of(&outcome.scenario)
        });
        let bar = ProgressBar::new(steps.sum::<usize>() as u64);
        bar.set_style(ProgressStyle::with_template(
            "{elapsed_precise} {wide_bar} {pos}/{len} {msg}",
        )?);
        Ok(bar)
    }
}
