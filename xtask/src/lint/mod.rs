//! `cargo xtask lint`: everything that can be said about the sources without running them.

mod deny;
mod docs;
mod package;
mod public_types;
mod step;
mod tidy;
mod versions;

use anyhow::{Result, bail};

use crate::process::cargo;
use crate::{bench, process};
use step::{Outcome, Step};

/// The quick ones first.
const STEPS: &[(&str, Step)] = &[
    ("tidy", tidy::run),
    ("fmt", fmt),
    ("clippy", clippy),
    ("docs", docs::all),
    ("docs-rs", docs::as_published),
    ("dependencies", deny::policy),
    ("advisories", deny::advisories),
    ("package", package::run),
    ("oldest-compiler", versions::oldest_compiler),
    ("oldest-dependencies", versions::oldest_dependencies),
    ("other-systems", versions::other_systems),
    ("public-types", public_types::run),
    ("semver", versions::semver),
];

/// The names of all steps.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    STEPS.iter().map(|(name, _)| *name)
}

/// Runs these steps, all if none is named, even after one has failed, so that one run shows all problems.
pub(crate) fn run(chosen: &[String]) -> Result<()> {
    let (mut passed, mut skipped, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    let is_chosen = |name: &str| chosen.is_empty() || chosen.iter().any(|own| own == name);
    for &(name, step) in STEPS.iter().filter(|(name, _)| is_chosen(name)) {
        eprintln!("\n# {name}");
        match step() {
            Ok(Outcome::Passed) => passed.push(name),
            Ok(Outcome::Skipped(reason)) => {
                eprintln!("\nWARNING: the step `{name}` was SKIPPED: {reason}\n");
                skipped.push(format!("{name} ({reason})"));
            }
            Err(error) => {
                eprintln!("error: {error:#}");
                failed.push(name);
            }
        }
    }

    println!("\nlint: passed: {}", passed.join(", "));
    if !skipped.is_empty() {
        println!("lint: SKIPPED: {}", skipped.join(", "));
    }
    if !failed.is_empty() {
        bail!("lint failed: {}", failed.join(", "));
    }
    Ok(())
}

fn fmt() -> Result<Outcome> {
    let benches = bench::ALL.map(|bench| bench.manifest);
    for manifest in ["Cargo.toml"].into_iter().chain(benches) {
        let fmt = format!("fmt --all --manifest-path {manifest}");
        if !process::succeeds(cargo(&fmt).arg("--check"))? {
            bail!("some files are not formatted; `cargo {fmt}` mends it");
        }
    }
    Ok(Outcome::Passed)
}

fn clippy() -> Result<Outcome> {
    process::run(&mut cargo(
        "clippy --workspace --all-targets --all-features -- -D warnings",
    ))?;
    // The benchmarks are workspaces of their own.
    for bench in &bench::ALL {
        process::run(bench::cargo(bench, "clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    }
    Ok(Outcome::Passed)
}
