//! `cargo xtask soak`: builds the soak of the tests package in release, and runs it. What it does is told there.

use anyhow::{Result, bail};

use crate::args::Soak;
use crate::process::{self, cargo};

pub(crate) fn run(flags: Soak) -> Result<()> {
    let mut soak = cargo("run --release --bin soak --");
    let Soak { seconds, clients, seed } = flags;
    for (flag, value) in [("--seconds", seconds), ("--clients", clients), ("--seed", seed)] {
        if let Some(value) = value {
            soak.args([flag, &value.to_string()]);
        }
    }
    if !process::succeeds(&mut soak)? {
        bail!("the soak failed; what it found is above, with the seed that finds it again");
    }
    Ok(())
}
