//! `cargo xtask soak`: builds the soak of the tests package in release, and runs it. What it does is told there.

use std::ffi::OsString;

use anyhow::{Result, bail};

use crate::process::{self, cargo};

pub(crate) fn run(flags: &[OsString]) -> Result<()> {
    let mut soak = cargo("run --release --bin soak --");
    soak.args(flags);
    if !process::succeeds(&mut soak)? {
        bail!("the soak failed; its words are above, with the seed that finds it again");
    }
    Ok(())
}
