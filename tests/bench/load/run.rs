//! The whole run: scenario by scenario, and in each the peers in turn, round by round.

use std::{mem, time::Duration};

use anyhow::{Result, ensure};
use indicatif::{ProgressBar, ProgressStyle};

use crate::{
    cores::Cores,
    installed,
    machine::Machine,
    options::Options,
    results::{Outcome, Participant, Results},
    scenario::{self, Scenario},
    server::Server,
    work::Times,
};

pub(crate) struct Run<'a> {
    results: Results,
    cores: &'a Cores,
    times: Times,
    rounds: usize,
    rounds_if_large: usize,
}

impl<'a> Run<'a> {
    /// Looks which peers there are, and says it of those that are not.
    pub(crate) fn new(options: &Options, machine: &'a Machine) -> Result<Self> {
        let milliseconds = Duration::from_millis;
        let (warm_up, measured, rounds, rounds_if_large) = if options.quick {
            (milliseconds(50), milliseconds(200), 2, 1)
        } else {
            (milliseconds(200), milliseconds(1_000), 4, 3)
        };
        let (mut peers, mut missing) = (Vec::new(), Vec::new());
        for peer in options.peers() {
            match installed::version(peer) {
                Ok(version) => peers.push(Participant { peer, version }),
                Err(reason) => {
                    eprintln!("bench: {reason:#}");
                    missing.push(peer);
                }
            }
        }
        ensure!(
            !peers.is_empty(),
            "there is nobody to measure: the peers asked for are not installed, or cannot have several workers"
        );
        let scenarios = scenario::all(machine.open_files).into_iter();
        let outcomes = scenarios
            .filter(|scenario| options.wants(scenario.kind))
            .map(Outcome::new);
        Ok(Self {
            results: Results {
                outcomes: outcomes.collect(),
                peers,
                missing,
            },
            cores: &machine.cores,
            times: Times { warm_up, measured },
            rounds,
            rounds_if_large,
        })
    }

    pub(crate) fn all(mut self) -> Result<Results> {
        let bar = self.bar()?;
        let mut outcomes = mem::take(&mut self.results.outcomes);
        for outcome in &mut outcomes {
            self.one(outcome, &bar);
        }
        bar.finish_and_clear();
        self.results.outcomes = outcomes;
        Ok(self.results)
    }

    fn one(&self, outcome: &mut Outcome, bar: &ProgressBar) {
        let scenario = &outcome.scenario;
        let peers = self.results.peers().filter(|peer| peer.takes_part_in(scenario.kind));
        outcome.measured = peers.map(|peer| (peer, Vec::new())).collect();
        let all_rounds = self.rounds_of(scenario);
        for round in 0..all_rounds {
            // Another one begins each time, so that nobody always follows the same.
            let count = outcome.measured.len();
            let already_failed = outcome.failed.len();
            for turn in 0..count {
                let (peer, rounds) = &mut outcome.measured[(turn + round) % count];
                bar.set_message(format!("{}: {}", scenario.title, peer.title));
                let sample =
                    Server::start(peer, self.cores).and_then(|server| scenario.work.measure(&server, self.times));
                match sample {
                    Ok(sample) => {
                        rounds.push(sample);
                        bar.inc(1);
                    }
                    Err(error) => {
                        bar.println(format!("bench: FAILED: {}: {}: {error:#}", scenario.title, peer.title));
                        outcome.failed.push((*peer, format!("{error:#}")));
                        bar.inc((all_rounds - round) as u64);
                    }
                }
            }
            for (failed, _) in &outcome.failed[already_failed..] {
                outcome.measured.retain(|(peer, _)| peer.name != failed.name);
            }
        }
    }

    fn rounds_of(&self, scenario: &Scenario) -> usize {
        if scenario.is_large {
            self.rounds_if_large
        } else {
            self.rounds
        }
    }

    /// One step is one round of one peer. It is drawn between the measurements only.
    fn bar(&self) -> Result<ProgressBar> {
        let steps = self.results.outcomes.iter().map(|outcome| {
            let kind = outcome.scenario.kind;
            let peers = self.results.peers().filter(|peer| peer.takes_part_in(kind));
            peers.count() * self.rounds_of(&outcome.scenario)
        });
        let bar = ProgressBar::new(steps.sum::<usize>() as u64);
        bar.set_style(ProgressStyle::with_template(
            "{elapsed_precise} {wide_bar} {pos}/{len} {msg}",
        )?);
        Ok(bar)
    }
}
