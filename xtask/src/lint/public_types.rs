//! A step of `lint`: users see types of foreign crates only where we mean it, since each is a promise to stay with that
//! crate and its version.
//!
//! The items come from rustdoc's JSON, which lists the public ones only. Its format changes with the nightly compiler, so
//! it is read as loosely as possible: every object with a known `id` names a type or trait.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;
use serde_json::Value;

use super::step::Outcome;
use crate::process;
use crate::toolchain::Toolchain;

const PACKAGE: &str = "robyn-ws";
const DOCUMENTATION: &str = "target/docs-rs/doc/robyn_ws.json";

/// What users write their programs with anyway.
const ALLOWED: &[&str] = &[
    "alloc",
    // `Nats::connect_with`, in the feature `nats`.
    "async_nats",
    "axum",
    "axum_core",
    "bytes",
    "core",
    "http",
    "robyn_ws_macros",
    // `Redis::connect`, in the feature `redis`.
    "redis",
    // `Tls::from_config`, in the feature `tls`.
    "rustls",
    "serde_core",
    // `RawValue`, an answer to a call that is JSON already.
    "serde_json",
    "std",
    "tokio",
];

#[derive(Deserialize)]
struct Documentation {
    index: BTreeMap<String, Item>,
    paths: BTreeMap<String, Summary>,
    external_crates: BTreeMap<String, Crate>,
}

#[derive(Deserialize)]
struct Item {
    crate_id: u32,
    name: Option<String>,
    span: Option<Span>,
    inner: Value,
}

#[derive(Deserialize)]
struct Span {
    filename: String,
    begin: (usize, usize),
}

/// Where a type or trait is defined.
#[derive(Deserialize)]
struct Summary {
    crate_id: u32,
    path: Vec<String>,
}

#[derive(Deserialize)]
struct Crate {
    name: String,
}

pub(super) fn run() -> Result<Outcome> {
    let nightly = Toolchain::provide("nightly")?;
    let mut rustdoc = nightly.cargo("rustdoc --lib --all-features --target-dir target/docs-rs --package");
    rustdoc.args([PACKAGE, "--", "-Z", "unstable-options", "--output-format", "json"]);
    process::run(&mut rustdoc)?;
    let documentation = fs::read_to_string(DOCUMENTATION).with_context(|| format!("cannot read {DOCUMENTATION}"))?;
    let documentation: Documentation =
        serde_json::from_str(&documentation).context("rustdoc's JSON has another format now")?;
    let findings = documentation.findings();
    for finding in &findings {
        eprintln!("{finding}");
    }
    ensure!(
        findings.is_empty(),
        "{} public items show types of crates that are not meant to be public",
        findings.len()
    );
    Ok(Outcome::Passed)
}

impl Documentation {
    fn findings(&self) -> BTreeSet<String> {
        let own = self
            .index
            .values()
            .filter(|item| item.crate_id == 0 && item.is_written());
        own.flat_map(|item| self.findings_in(item)).collect()
    }

    fn findings_in(&self, item: &Item) -> Vec<String> {
        let mut ids = Vec::new();
        collect_ids(&item.inner, &mut ids);
        let named = ids.into_iter().filter_map(|id| self.paths.get(&id.to_string()));
        let foreign = named.filter(|summary| !self.is_allowed(summary));
        foreign
            .map(|summary| format!("{item}: {}", summary.path.join("::")))
            .collect()
    }

    fn is_allowed(&self, summary: &Summary) -> bool {
        // Only foreign crates are listed.
        let name = self.external_crates.get(&summary.crate_id.to_string());
        name.is_none_or(|own| ALLOWED.contains(&own.name.as_str()))
    }
}

impl Item {
    /// Returns `false` for implementations that the compiler adds to every type.
    fn is_written(&self) -> bool {
        let implementation = &self.inner["impl"];
        implementation["blanket_impl"].is_null() && implementation["is_synthetic"] != true
    }
}

impl std::fmt::Display for Item {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(Span { filename, begin }) = &self.span {
            write!(f, "{filename}:{}: ", begin.0)?;
        }
        match &self.name {
            Some(name) => write!(f, "`{name}`"),
            None if self.inner.get("impl").is_some() => f.write_str("an implementation"),
            None => f.write_str("a re-export"),
        }
    }
}

fn collect_ids(value: &Value, ids: &mut Vec<u64>) {
    match value {
        Value::Object(fields) => {
            ids.extend(fields.get("id").and_then(Value::as_u64));
            fields.values().for_each(|value| collect_ids(value, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| collect_ids(value, ids)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_of_a_foreign_crate_in_a_signature_is_found_with_its_item() {
        let output = |id| json!({ "function": { "sig": { "output": { "resolved_path": { "id": id } } } } });
        let span = json!({ "filename": "src/a.rs", "begin": [7, 1] });
        let item = |name, inner| json!({ "crate_id": 0, "name": name, "span": span, "inner": inner });
        let blanket = json!({ "impl": { "blanket_impl": {}, "trait": { "id": 1 } } });
        let documentation = json!({
            "index": {
                "10": item(Some("ours"), output(0)),
                "11": item(Some("frame"), output(1)),
                "12": item(Some("uri"), output(2)),
                "13": item(None, json!({ "impl": { "trait": { "id": 1 } } })),
                "14": item(None, blanket),
            },
            "paths": {
                "0": { "crate_id": 0, "path": ["ours", "Frame"] },
                "1": { "crate_id": 1, "path": ["tungstenite", "Frame"] },
                "2": { "crate_id": 2, "path": ["http", "Uri"] },
            },
            "external_crates": { "1": { "name": "tungstenite" }, "2": { "name": "http" } },
        });
        let documentation: Documentation = serde_json::from_value(documentation).unwrap();
        let findings: Vec<String> = documentation.findings().into_iter().collect();
        assert_eq!(
            findings,
            [
                "src/a.rs:7: `frame`: tungstenite::Frame",
                "src/a.rs:7: an implementation: tungstenite::Frame",
            ]
        );
    }
}
