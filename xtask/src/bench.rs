//! `cargo xtask bench`: builds the benchmark, which is a workspace of its own, in release, and runs it. What it does is
//! told in its README.

use std::process::Command;

use anyhow::{Result, bail};

use crate::args::Bench;
use crate::process::{self, cargo};

const MANIFEST: &str = "tests/bench/Cargo.toml";
const BUILT: &str = "target/bench";

pub(crate) fn run(flags: &Bench) -> Result<()> {
    process::run(&mut cargo(&format!(
        "build --release --manifest-path {MANIFEST} --target-dir {BUILT}"
    )))?;
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
