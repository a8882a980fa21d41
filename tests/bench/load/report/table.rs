//! The medians as a table, for people.

use std::fmt::Write as _;

use crate::{
    machine::Machine,
    run::{Outcome, Run},
    samples::Metric,
};

/// Whom robyn-ws is compared with in the last columns.
const YARDSTICKS: [&str; 2] = ["floor", "axum"];

pub(crate) fn markdown(machine: &Machine, run: &Run) -> String {
    let mut text = format!("{machine}\n\nMedians. Lower is better.\n\n|");
    let mut rule = String::from("|---|");
    for peer in &run.peers {
        write!(text, " | {}", peer.title).expect("a string takes every write");
        rule.push_str("---:|");
    }
    for yardstick in YARDSTICKS {
        write!(text, " | robyn-ws ÷ {yardstick}").expect("a string takes every write");
        rule.push_str("---:|");
    }
    writeln!(text, " |\n{rule}").expect("a string takes every write");
    for outcome in &run.results {
        for metric in metrics(outcome) {
            text.push_str(&row(run, outcome, metric));
        }
    }
    text
}

/// Those of the scenario that have a row.
pub(crate) fn metrics(outcome: &Outcome) -> Vec<Metric> {
    let sample = outcome.peers.first().and_then(|(_, rounds)| rounds.first());
    let metrics = sample.into_iter().flatten().map(|(metric, _)| *metric);
    metrics.filter(|metric| metric.row().is_some()).collect()
}

fn row(run: &Run, outcome: &Outcome, metric: Metric) -> String {
    let mut row = format!("| {}: {}", outcome.scenario.title, metric.row().unwrap_or_default());
    for peer in &run.peers {
        let cell = match outcome.median(peer.name, metric) {
            Some(value) => shown(value),
            None if peer.takes_part_in(outcome.scenario.kind) => "FAILED".to_owned(),
            None => "–".to_owned(),
        };
        write!(row, " | {cell}").expect("a string takes every write");
    }
    for yardstick in YARDSTICKS {
        let ratio = outcome
            .median("robyn_ws", metric)
            .zip(outcome.median(yardstick, metric));
        let ratio = ratio.filter(|&(_, other)| other > 0.0);
        let cell = ratio.map_or_else(|| "–".to_owned(), |(own, other)| shown(own / other));
        write!(row, " | {cell}").expect("a string takes every write");
    }
    row + " |\n"
}

/// With two digits behind the point, or as many as say something.
fn shown(value: f64) -> String {
    match value {
        ..10.0 => format!("{value:.2}"),
        ..100.0 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}
