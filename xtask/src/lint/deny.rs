//! Two steps of `lint`, both done by cargo-deny along `deny.toml`: which dependencies may be had,
//! and which of them are known to be harmful.

use std::process::Command;

use anyhow::Result;

use super::step::Outcome;
use crate::process;
use crate::tool::Tool;

const DENY: Tool = Tool {
    name: "cargo-deny",
    version: "0.20.2",
};

/// Licences, duplicates and origins. It needs nothing but the dependencies themselves.
pub(super) fn policy() -> Result<Outcome> {
    process::run(Command::new(DENY.program()?).args(["check", "bans", "licenses", "sources"]))?;
    Ok(Outcome::Passed)
}

/// Known vulnerabilities. The database lives on a git host which is not reachable from everywhere.
pub(super) fn advisories() -> Result<Outcome> {
    let tool = DENY.program()?;
    if !process::succeeds(Command::new(&tool).args(["fetch", "db"]))? {
        return Ok(Outcome::Skipped("the advisory database could not be fetched"));
    }
    process::run(Command::new(&tool).args(["check", "--disable-fetch", "advisories"]))?;
    Ok(Outcome::Passed)
}
