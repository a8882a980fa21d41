//! `cargo xtask ui`: only the tests that compare what the compiler says with what was written down.

use anyhow::{Result, bail};

use crate::process::{self, cargo};

/// With `bless` the expectations are overwritten instead of compared.
pub(crate) fn run(bless: bool) -> Result<()> {
    let mut tests = cargo("test --package robyn-ws-tests --test ui");
    if bless {
        process::run(tests.env("TRYBUILD", "overwrite"))?;
        println!("ui: the expectations are now what the compiler says; read the difference before you commit it");
        return Ok(());
    }
    if !process::succeeds(&mut tests)? {
        bail!("the compile-fail tests failed; where the new words are better, `cargo xtask ui --bless` accepts them");
    }
    Ok(())
}
