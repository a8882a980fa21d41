//! A step of `lint`: the published crates can be packaged, and what is packaged builds on its own.
//!
//! Cargo's own check of a package is not asked, because it remembers the sources of an unpublished crate by their
//! version: after a change it would build `robyn-ws` with the macros of an earlier day.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use crate::lint::Outcome;
use crate::process::{self, cargo};

/// In the order in which they are published.
const CRATES: [&str; 2] = ["robyn-ws-macros", "robyn-ws"];
/// All members have one version, this program too.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// What users and the licences themselves expect in every package.
const COMPANIONS: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];

const TARGET: &str = "target/packaged";
const UNPACKED: &str = "target/packaged/unpacked";

/// Builds from the archives, where only a crate's own manifest and files count: a feature that another member switches
/// on, or a file outside of the crate, is missing there as it would be for users.
pub(crate) fn run() -> Result<Outcome> {
    pack()?;
    unpack()?;
    for features in ["", "--all-features"] {
        let mut check = cargo("check --workspace");
        check.args(features.split_whitespace());
        process::run(check.args([
            "--manifest-path",
            &format!("{UNPACKED}/Cargo.toml"),
            "--target-dir",
            TARGET,
        ]))?;
    }
    Ok(Outcome::Passed)
}

fn pack() -> Result<()> {
    let mut package = cargo("package --no-verify --allow-dirty --target-dir");
    package.arg(TARGET);
    for name in CRATES {
        package.args(["--package", name]);
    }
    process::run(&mut package)
}

/// Makes a workspace of the unpacked archives, with the versions of dependencies that are locked here.
fn unpack() -> Result<()> {
    let folder = Path::new(UNPACKED);
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fs::copy("Cargo.lock", folder.join("Cargo.lock"))?;
    fs::write(folder.join("Cargo.toml"), workspace_manifest())?;
    for name in CRATES {
        // `-m` gives the files the time of now. The one in the archive is always the same, by which cargo would take
        // a changed file for an old one.
        let archive = format!("{TARGET}/package/{name}-{VERSION}.crate");
        process::run(Command::new("tar").args(["-xzmf", &archive, "-C", UNPACKED]))?;
        has_companions(&folder.join(format!("{name}-{VERSION}")))?;
    }
    Ok(())
}

/// The crates depend on each other as published; the patch lets them find each other unpublished.
fn workspace_manifest() -> String {
    let members = CRATES.map(|name| format!("\"{name}-{VERSION}\"")).join(", ");
    let patches = CRATES
        .map(|name| format!("{name} = {{ path = \"{name}-{VERSION}\" }}\n"))
        .concat();
    format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[patch.crates-io]\n{patches}")
}

fn has_companions(package: &Path) -> Result<()> {
    let missing: Vec<&str> = COMPANIONS
        .into_iter()
        .filter(|name| !package.join(name).is_file())
        .collect();
    ensure!(
        missing.is_empty(),
        "{} has no {}: beside the crate's manifest, link to the one of the root",
        package.display(),
        missing.join(", ")
    );
    Ok(())
}
