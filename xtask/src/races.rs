//! `cargo xtask races`: the crate's own tests named `races`, with locks that try another interleaving of threads in each run.
//!
//! A failure prints the seed of its schedule, and how to see it again.

use anyhow::{Result, bail};

use crate::process::{self, cargo};

pub(crate) fn run() -> Result<()> {
    let mut tests = cargo("test --manifest-path tests/races/Cargo.toml --target-dir target/races --lib races");
    if !process::succeeds(tests.env("RUSTFLAGS", "--cfg races"))? {
        bail!("an interleaving failed; the seed that shows it again is above");
    }
    Ok(())
}
