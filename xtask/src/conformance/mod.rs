//! `cargo xtask conformance`: Autobahn's cases, run by kosoku against the example `compression`.
//!
//! Clients there have contexts of their own. Some of the cases of compression run again where they share those of the
//! threads. A case's close code is no part of it, since Autobahn takes a bare end of TCP for an answer to any mistake: the
//! integration tests look at codes.

mod outcomes;
mod server;
mod suite;

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::process::{self, cargo};
use outcomes::Outcomes;
use server::Server;

const EXPECTED: &str = "tests/conformance/expected.json";
/// Emptied by every run. `index.html` in it is for people.
const REPORT: &str = "target/conformance";
/// The report of the cases that run again.
const SHARED_REPORT: &str = "target/conformance_shared";
/// The cases that run again: texts of all lengths, in one frame and in many.
const SHARED_CASES: &str = "12.1.*";

/// With `bless` the expectations are overwritten instead of compared. What no server may do is no expectation.
pub(crate) fn run(bless: bool) -> Result<()> {
    suite::prepare()?;
    // In release: some cases send 16 MiB in pieces of 64 bytes.
    process::run(&mut cargo(
        "build --release --package robyn-ws-examples --example compression",
    ))?;
    let mut server = Server::start()?;
    let outcomes = suite::run(&server.address().to_string(), "*", REPORT)?;
    let shared = format!("ws://{}/shared", server.address());
    let shared = suite::run(&shared, SHARED_CASES, SHARED_REPORT)?;
    server.still_runs()?;
    drop(server);
    println!("conformance: the report is in {REPORT}/index.html, and for programs in index.json");

    let mut findings = outcomes.failures();
    findings.extend(shared.failures());
    if bless && findings.is_empty() {
        fs::write(EXPECTED, outcomes.to_json()).with_context(|| format!("cannot write {EXPECTED}"))?;
        println!("conformance: {EXPECTED} is now what was seen; read the difference before you commit it");
    } else if !bless {
        findings.extend(expectations()?.differences(&outcomes));
    }
    if !findings.is_empty() {
        for finding in &findings {
            println!("{finding}");
        }
        bail!(
            "{} conformance cases are not as expected; they are above",
            findings.len()
        );
    }
    println!("conformance: {outcomes}; with shared compressors: {shared}");
    Ok(())
}

fn expectations() -> Result<Outcomes> {
    let text = fs::read_to_string(EXPECTED)
        .with_context(|| format!("cannot read {EXPECTED}; `cargo xtask conformance --bless` writes it"))?;
    Outcomes::from_json(&text).with_context(|| format!("cannot understand {EXPECTED}"))
}
