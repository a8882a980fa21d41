//! Steps that build the documentation.

use anyhow::Result;
use serde_json::Value;

use super::step::Outcome;
use crate::process::{self, cargo};
use crate::toolchain::Toolchain;
use crate::workspace;

/// The docs as users read them, then with what is private: either has links that the other does not check.
pub(super) fn all() -> Result<Outcome> {
    for private in ["", "--document-private-items"] {
        let mut doc = cargo("doc --workspace --no-deps --all-features");
        doc.args(private.split_whitespace());
        process::run(doc.env("RUSTDOCFLAGS", "-D warnings"))?;
    }
    Ok(Outcome::Passed)
}

/// The docs as docs.rs builds them: by the nightly compiler, by what each manifest says about it, and with the features
/// that an item needs shown beside the item.
pub(super) fn as_published() -> Result<Outcome> {
    let nightly = Toolchain::provide("nightly")?;
    for package in workspace::published()? {
        let wishes = &package.metadata["docs"]["rs"];
        let mut doc = nightly.cargo("doc --no-deps --target-dir target/docs-rs --package");
        doc.arg(package.name);
        if wishes["all-features"] == true {
            doc.arg("--all-features");
        }
        let words = wishes["rustdoc-args"].as_array().into_iter().flatten();
        let words: Vec<&str> = words.filter_map(Value::as_str).collect();
        let flags = format!("-D warnings --cfg docsrs -Z unstable-options {}", words.join(" "));
        process::run(doc.env("RUSTDOCFLAGS", flags))?;
    }
    Ok(Outcome::Passed)
}
