//! Every sample, for programs.

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::{
    machine::Machine,
    options::Options,
    run::{Outcome, Run},
    samples::Sample,
};

pub(crate) fn text(options: &Options, machine: &Machine, run: &Run) -> Result<String> {
    let Machine {
        processor,
        kernel,
        compiler,
        open_files,
        cores,
    } = machine;
    let value = json!({
        "quick": options.quick,
        "workers": options.workers(),
        "machine": {
            "processor": processor,
            "kernel": kernel,
            "compiler": compiler,
            "open_files": open_files,
            "cores": { "generator": cores.generator, "servers": cores.servers },
        },
        "scenarios": run.results.iter().map(scenario).collect::<Vec<_>>(),
        "failures": run.failures,
    });
    Ok(serde_json::to_string_pretty(&value)? + "\n")
}

fn scenario(outcome: &Outcome) -> Value {
    let peers = outcome.peers.iter().map(|(peer, rounds)| {
        let rounds = rounds.iter().map(sample).collect();
        (peer.name.to_owned(), Value::Array(rounds))
    });
    json!({ "title": outcome.scenario.title, "rounds": peers.collect::<Map<_, _>>() })
}

fn sample(sample: &Sample) -> Value {
    let values = sample.iter().map(|(metric, value)| {
        let rounded = (value * 1e3).round() / 1e3;
        (metric.name().to_owned(), json!(rounded))
    });
    Value::Object(values.collect())
}
