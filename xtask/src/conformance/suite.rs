//! Kosoku, which runs Autobahn's cases: in a virtual environment of its own, so that nothing outside of the workspace
//! changes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::outcomes::Outcomes;
use crate::install::python::Environment;
use crate::process;

/// Exactly this one: which cases there are, and how strict they are, changes between versions.
const VERSION: &str = "0.1.0";
const ENVIRONMENT: Environment = Environment("target/tools/kosoku");

/// Installs the suite if it is not there yet.
pub(super) fn prepare() -> Result<()> {
    ENVIRONMENT.provide(&[("kosoku", VERSION)])
}

/// Runs the cases against `server`, and leaves the report in `folder`.
pub(super) fn run(server: SocketAddr, left_out: &[&str], folder: &str) -> Result<Outcomes> {
    // Of an earlier run, whose report must not be taken for that of this one.
    if Path::new(folder).exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {folder}"))?;
    }
    let mut kosoku = Command::new(ENVIRONMENT.program("kosoku"));
    kosoku.arg(server.to_string());
    for cases in left_out {
        kosoku.args(["-x", cases]);
    }
    // It fails if a case does, which the report tells better.
    let passed = process::succeeds(kosoku.args(["-o", folder]))?;

    let index = format!("{folder}/index.json");
    let report = fs::read_to_string(&index).context("kosoku wrote no report")?;
    let outcomes =
        Outcomes::from_report(&report).with_context(|| format!("{index} is not what kosoku {VERSION} writes"))?;
    if !passed && outcomes.failures().is_empty() {
        bail!("kosoku failed, although no case in {index} did");
    }
    Ok(outcomes)
}
