//! A step of `lint`: the published crates can be packaged, and the packages build on their own.
//!
//! Cargo's own check of a package is not used, because it remembers the sources of an unpublished crate by their
//! version: after a change it would build `robyn-ws` with earlier macros.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};

use super::step::Outcome;
use crate::process::{self, cargo};
use crate::workspace::{self, Package};

/// Files that users and the licences themselves expect in every package.
const COMPANIONS: [&str; 3] = ["README.md", "LICENSE-MIT", "LICENSE-APACHE"];

const TARGET: &str = "target/packaged";
const UNPACKED: &str = "target/packaged/unpacked";

/// Builds from the archives, where only a crate's own manifest and files count: a feature that another member switches
/// on, or a file outside of the crate, is missing there as it would be for users. Each feature must be enough by itself.
pub(super) fn run() -> Result<Outcome> {
    let manifest = unpacked()?;
    process::run(&mut check(&manifest, ""))?;
    for package in workspace::published()? {
        for feature in package.features.keys() {
            let feature = format!("--features {}/{feature}", package.name);
            process::run(&mut check(&manifest, &feature))?;
        }
    }
    process::run(&mut check(&manifest, "--all-features"))?;
    Ok(Outcome::Passed)
}

/// Returns a command that checks the packages of a manifest of [`unpacked`].
pub(super) fn check(manifest: &str, features: &str) -> Command {
    let mut check = cargo("check --workspace");
    check.args(features.split_whitespace());
    check.args(["--manifest-path", manifest, "--target-dir", TARGET]);
    check
}

/// Creates a workspace of the unpacked archives, with the versions of dependencies that are locked here, and returns its
/// manifest.
pub(super) fn unpacked() -> Result<String> {
    let packages = workspace::published()?;
    pack(&packages)?;
    let folder = Path::new(UNPACKED);
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    fs::copy("Cargo.lock", folder.join("Cargo.lock"))?;
    let manifest = format!("{UNPACKED}/Cargo.toml");
    fs::write(&manifest, workspace_manifest(&packages))?;
    for package in &packages {
        // `-m` sets the files' time to now. The time in the archive is always the same, by which cargo would take a
        // changed file for an old one.
        let archive = format!("{TARGET}/package/{}.crate", folder_of(package));
        process::run(Command::new("tar").args(["-xzmf", &archive, "-C", UNPACKED]))?;
        has_companions(&folder.join(folder_of(package)))?;
    }
    Ok(manifest)
}

fn pack(packages: &[Package]) -> Result<()> {
    let mut pack = cargo("package --no-verify --allow-dirty --target-dir");
    pack.arg(TARGET);
    for package in packages {
        pack.args(["--package", &package.name]);
    }
    process::run(&mut pack)
}

fn folder_of(package: &Package) -> String {
    format!("{}-{}", package.name, package.version)
}

/// The crates depend on each other as published; the patch lets them find each other unpublished.
fn workspace_manifest(packages: &[Package]) -> String {
    let patches: Vec<String> = packages
        .iter()
        .map(|package| format!("{} = {{ path = \"{}\" }}\n", package.name, folder_of(package)))
        .collect();
    format!(
        "[workspace]\nresolver = \"3\"\nmembers = [\"*-*\"]\n\n[patch.crates-io]\n{}",
        patches.concat()
    )
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
