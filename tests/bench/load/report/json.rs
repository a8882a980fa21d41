//! Every sample, for programs.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::{
    machine::Machine,
    options::Options,
    results::{Outcome, Results},
    samples::Sample,
};

pub(crate) fn text(options: &Options, machine: &Machine, results: &Results) -> Result<String> {
    let Machine {
        processor,
        kernel,
        compiler,
        open_files,
        cores,
    } = machine;
    let versions = results.peers.iter().map(|participant| {
        let version = json!(participant.version);
        (participant.peer.name.to_owned(), version)
    });
    let missing = results.missing.iter().map(|peer| peer.name);
    let value = json!({
        "quick": options.quick,
        "workers": options.workers,
        "machine": {
            "processor": processor,
            "kernel": kernel,
            "compiler": compiler,
            "open_files": open_files,
            "cores": { "generator": cores.generator, "servers": cores.servers },
        },
        "versions": versions.collect::<Map<_, _>>(),
        "not_installed": missing.collect::<Vec<_>>(),
        "scenarios": results.outcomes.iter().map(scenario).collect::<Vec<_>>(),
    });
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

fn scenario(outcome: &Outcome) -> Value {
    let rounds = outcome.measured.iter().map(|(peer, rounds)| {
        let rounds = rounds.iter().map(sample).collect();
        (peer.name.to_owned(), Value::Array(rounds))
    });
    let failed = outcome
        .failed
        .iter()
        .map(|(peer, reason)| (peer.name.to_owned(), json!(reason)));
    json!({
        "title": outcome.scenario.title,
        "rounds": rounds.collect::<Map<_, _>>(),
        "failed": failed.collect::<Map<_, _>>(),
    })
}

fn sample(sample: &Sample) -> Value {
    let values = sample.iter().map(|(metric, value)| {
        let rounded = (value * 1e3).round() / 1e3;
        (metric.name().to_owned(), json!(rounded))
    });
    Value::Object(values.collect())
}
