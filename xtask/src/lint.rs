//! `cargo xtask lint`: everything that can be said about the sources without running them.

use anyhow::{Result, bail};

use crate::process::cargo;
use crate::{bench, deny, package, process, tidy};

/// How a step ended that did not fail.
pub(crate) enum Outcome {
    Passed,
    /// It could not be done here, for this reason.
    Skipped(&'static str),
}

type Step = fn() -> Result<Outcome>;

/// The quick ones first.
const STEPS: &[(&str, Step)] = &[
    ("tidy", tidy::run),
    ("fmt", fmt),
    ("clippy", clippy),
    ("doc", doc),
    ("dependencies", deny::policy),
    ("advisories", deny::advisories),
    ("package", package::run),
];

/// Runs every step even after one has failed, so that one run tells all there is to mend.
pub(crate) fn run() -> Result<()> {
    let (mut passed, mut skipped, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for &(name, step) in STEPS {
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
    for manifest in ["Cargo.toml", bench::MANIFEST] {
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
    // The benchmark is a workspace of its own.
    process::run(bench::cargo("clippy").args(["--all-targets", "--", "-D", "warnings"]))?;
    Ok(Outcome::Passed)
}

/// The docs as users read them, then with what is private: either has links that the other does not check.
fn doc() -> Result<Outcome> {
    for private in ["", "--document-private-items"] {
        let mut doc = cargo("doc --workspace --no-deps --all-features");
        doc.args(private.split_whitespace());
        process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    Ok(Outcome::Passed)
}
