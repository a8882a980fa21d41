//! `cargo xtask bench`: builds the benchmark, which is a workspace of its own, in release, and runs it. What it does is
//! told in its README.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Result, bail};

use crate::process;

pub(crate) const MANIFEST: &str = "tests/bench/Cargo.toml";
const BUILT: &str = "target/bench";

/// Begins a command of cargo's in the benchmark's workspace.
pub(crate) fn cargo(command: &str) -> Command {
    process::cargo(&format!("{command} --manifest-path {MANIFEST} --target-dir {BUILT}"))
}

pub(crate) fn run(flags: &[OsString]) -> Result<()> {
    process::run(cargo("build").arg("--release"))?;
    let mut bench = Command::new(format!("{BUILT}/release/bench"));
    if !process::succeeds(bench.args(flags))? {
        bail!("the benchmark failed; its words are above");
    }
    Ok(())
}
