//! Steps that check the published crates with other compilers, for other systems, and with the oldest dependencies that
//! their manifests allow.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use super::package;
use super::step::Outcome;
use crate::process::{self, cargo};
use crate::tool::Tool;
use crate::toolchain::{self, Toolchain};
use crate::workspace;

const SEMVER_CHECKS: Tool = Tool {
    name: "cargo-semver-checks",
    version: "0.51.0",
};

/// Each stands for a system on which nobody has to run the tests.
const TARGETS: [&str; 2] = ["x86_64-pc-windows-gnu", "aarch64-apple-darwin"];

/// The oldest compiler that the manifests name.
pub(super) fn oldest_compiler() -> Result<Outcome> {
    for package in workspace::published()? {
        let version = package
            .rust_version
            .context("a published crate states its `rust-version`")?;
        let toolchain = Toolchain::provide(&version)?;
        process::run(toolchain.cargo("check --all-features --package").arg(package.name))?;
    }
    Ok(Outcome::Passed)
}

/// All features except for `tls`: rustls with ring needs a C compiler for each of the systems.
const FEATURES_ELSEWHERE: &str = "backplane,deflate,http2,metrics,redis,test-util";

/// What is compiled on other systems only is seen by the compiler and clippy there. Nothing is linked or run.
pub(super) fn other_systems() -> Result<Outcome> {
    for target in TARGETS {
        toolchain::provide_target(target)?;
        let mut clippy = cargo("clippy --package robyn-ws --features");
        process::run(clippy.args([FEATURES_ELSEWHERE, "--target", target, "--", "-D", "warnings"]))?;
    }
    Ok(Outcome::Passed)
}

/// A manifest that says `1.12` promises that 1.12.0 is enough.
pub(super) fn oldest_dependencies() -> Result<Outcome> {
    let manifest = package::unpacked()?;
    let nightly = Toolchain::provide("nightly")?;
    let mut update = nightly.cargo("update --quiet -Z direct-minimal-versions --manifest-path");
    process::run(update.arg(&manifest))?;
    process::run(&mut package::check(&manifest, "--all-features"))?;
    Ok(Outcome::Passed)
}

/// What changed since the last release agrees with the version number.
pub(super) fn semver() -> Result<Outcome> {
    let Some(tag) = last_tag()? else {
        return Ok(Outcome::Skipped("there is no tag of a release yet"));
    };
    let program = SEMVER_CHECKS.program()?;
    let mut check = Command::new(program);
    check.args(["semver-checks", "--all-features", "--baseline-rev", &tag]);
    for package in workspace::published()? {
        check.args(["--package", &package.name]);
    }
    process::run(&mut check)?;
    Ok(Outcome::Passed)
}

fn last_tag() -> Result<Option<String>> {
    let mut tags = Command::new("git");
    tags.args(["tag", "--list", "v*", "--merged", "HEAD", "--sort=-version:refname"]);
    let tags = tags.output().context("cannot start git")?;
    ensure!(tags.status.success(), "git cannot list the tags");
    let tags = String::from_utf8_lossy(&tags.stdout);
    Ok(tags.lines().next().map(str::to_owned))
}
