//! `cargo xtask bench` and `bench-nodes`: build a benchmark, which is a workspace of its own, in release, and run it. What they
//! do is told in the README of the first.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

const BUILT: &str = "target/bench";

/// A benchmark.
pub(crate) struct Bench {
    pub(crate) manifest: &'static str,
    program: &'static str,
}

/// robyn-ws beside its peers.
pub(crate) const PEERS: Bench = Bench {
    manifest: "tests/bench/Cargo.toml",
    program: "bench",
};

/// Two nodes with a backplane.
pub(crate) const NODES: Bench = Bench {
    manifest: "tests/bench_nodes/Cargo.toml",
    program: "bench-nodes",
};

pub(crate) const ALL: [Bench; 2] = [PEERS, NODES];

/// Begins a command of cargo's in a benchmark's workspace.
pub(crate) fn cargo(bench: &Bench, command: &str) -> Command {
    process::cargo(&format!(
        "{command} --manifest-path {} --target-dir {BUILT}",
        bench.manifest
    ))
}

pub(crate) fn run(bench: &Bench, flags: &[OsString]) -> Result<()> {
    process::run(cargo(bench, "build").arg("--release"))?;
    let mut program = Command::new(format!("{BUILT}/release/{}", bench.program));
    if !process::succeeds(program.args(flags))? {
        bail!("the benchmark failed; its words are above");
    }
    Ok(())
}
