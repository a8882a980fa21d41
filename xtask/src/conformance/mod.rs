//! `cargo xtask conformance`: Autobahn's cases, run by kosoku against the example `echo`.
//!
//! Sections 12 and 13 are left out: they are about compression, which robyn-ws does not offer. A case's close code is no
//! part of it, since Autobahn takes a bare end of TCP for an answer to any mistake: the integration tests look at codes.

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
const LEFT_OUT: [&str; 2] = ["12.*", "13.*"];

/// With `bless` the expectations are overwritten instead of compared. What no server may do is no expectation.
pub(crate) fn run(bless: bool) -> Result<()> {
    suite::prepare()?;
    // In release: some cases send 16 MiB in pieces of 64 bytes.
    process::run(&mut cargo("build --release --package robyn-ws-examples --example echo"))?;
    let mut server = Server::start()?;
    let outcomes = suite::run(server.address(), &LEFT_OUT, REPORT)?;
    server.still_runs()?;
    drop(server);
    println!("conformance: the report is in {REPORT}/index.html, and for programs in index.json");

    let mut findings = outcomes.failures();
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
    println!(
        "conformance: {outcomes}; left out: {} (compression)",
        LEFT_OUT.join(", ")
    );
    Ok(())
}

fn expectations() -> Result<Outcomes> {
    let text = fs::read_to_string(EXPECTED)
        .with_context(|| format!("cannot read {EXPECTED}; `cargo xtask conformance --bless` writes it"))?;
    Outcomes::from_json(&text).with_context(|| format!("cannot understand {EXPECTED}"))
}
