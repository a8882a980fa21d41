//! What cargo says about the packages of a workspace.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::process::cargo;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

/// A member of the workspace.
#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The oldest compiler that it supports.
    pub(crate) rust_version: Option<String>,
    /// The registries that may have it; any if there is no list.
    publish: Option<Vec<String>>,
    /// The tables that are for other programs than cargo.
    pub(crate) metadata: Value,
    pub(crate) features: BTreeMap<String, Vec<String>>,
    targets: Vec<Target>,
}

/// Something that cargo builds.
#[derive(Deserialize)]
pub(crate) struct Target {
    pub(crate) name: String,
    kind: Vec<String>,
    pub(crate) src_path: PathBuf,
}

/// Returns the members of the workspace of a manifest.
pub(crate) fn members(manifest: &str) -> Result<Vec<Package>> {
    let mut metadata = cargo("metadata --no-deps --format-version 1 --manifest-path");
    let output = metadata.arg(manifest).output()?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "cargo cannot read {manifest}: {complaint}");
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("cannot understand `cargo metadata`")?;
    Ok(metadata.packages)
}

/// Returns the crates that users get.
pub(crate) fn published() -> Result<Vec<Package>> {
    let mut members = members("Cargo.toml")?;
    members.retain(|package| package.publish.is_none());
    Ok(members)
}

/// Returns all targets of a kind, for example `bin`, by name.
pub(crate) fn targets(manifest: &str, kind: &str) -> Result<Vec<Target>> {
    let members = members(manifest)?.into_iter();
    let mut targets: Vec<Target> = members.flat_map(|package| package.targets).collect();
    targets.retain(|target| target.kind.iter().any(|own| own == kind));
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tests run in the folder of this package.
    const MANIFEST: &str = "../Cargo.toml";

    #[test]
    fn members_and_targets_are_those_of_the_manifests() {
        let members = members(MANIFEST).unwrap();
        let own = members.iter().find(|package| package.name == "xtask").unwrap();
        assert_eq!(own.version, env!("CARGO_PKG_VERSION"));
        assert!(own.publish.is_some() && own.rust_version.is_some());
        let examples = targets(MANIFEST, "example").unwrap();
        assert!(examples.iter().any(|example| example.name == "echo"));
        assert!(examples.iter().all(|example| example.src_path.is_file()));
    }
}
