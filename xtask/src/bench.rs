//! `cargo xtask bench`: builds the benchmark, which is a workspace of its own, in release, and runs it. What it does is
//! told in its README.

use std::process::Command;

use anyhow::{Result, bail};

use crate::args::Bench;
use crate::process;

pub(crate) const MANIFEST: &str = "tests/bench/Cargo.toml";
const BUILT: &str = "target/bench";
/// The peer whose server is built by the profile `tuned`, which takes its time.
const TUNED: &str = "robyn_ws_tuned";

/// Begins a command of cargo's in the benchmark's workspace.
pub(crate) fn cargo(command: &str) -> Command {
    process::cargo(&format!("{command} --manifest-path {MANIFEST} --target-dir {BUILT}"))
}

pub(crate) fn run(flags: &Bench) -> Result<()> {
    process::run(cargo("build").arg("--release"))?;
    if tuned_takes_part(flags) {
        process::run(cargo("build").args(["--profile", "tuned", "--bin", "server"]))?;
    }
    let mut bench = Command::new(format!("{BUILT}/release/bench"));
    if flags.quick {
        bench.arg("--quick");
    }
    if let Some(names) = &flags.only {
        bench.args(["--only", names]);
    }
    if let Some(workers) = flags.workers {
        bench.args(["--workers", &workers.to_string()]);
    }
    if !process::succeeds(&mut bench)? {
        bail!("the benchmark failed; what it found is above");
    }
    Ok(())
}

/// As the program decides it: in a run of everything, and where it is named.
fn tuned_takes_part(flags: &Bench) -> bool {
    match &flags.only {
        Some(names) => names.split(',').any(|name| name == TUNED),
        None => !flags.quick,
    }
}
