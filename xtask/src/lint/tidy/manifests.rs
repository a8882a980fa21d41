//! The rule that all members share the lint table, which forbids unsafe code.

use toml::{Table, Value};

use super::Finding;
use crate::files::TextFile;

pub(super) fn every_member_shares_the_lints(files: &[TextFile], findings: &mut Vec<Finding>) {
    let manifest = |path: &str| files.iter().find(|file| file.path == path);
    let Some(root) = manifest("Cargo.toml") else {
        return;
    };
    let unsafe_code = setting(root, &["workspace", "lints", "rust", "unsafe_code"]);
    if unsafe_code != Some(Value::from("forbid")) {
        findings.push(root.finding(1, "`[workspace.lints.rust]` says `unsafe_code = \"forbid\"`"));
    }
    let members = setting(root, &["workspace", "members"]);
    let members = members.iter().filter_map(Value::as_array).flatten();
    for member in members.filter_map(Value::as_str) {
        let Some(file) = manifest(&format!("{member}/Cargo.toml")) else {
            findings.push(root.finding(1, format!("the member `{member}` has no manifest")));
            continue;
        };
        if setting(file, &["lints", "workspace"]) != Some(Value::Boolean(true)) {
            findings.push(file.finding(1, "a member has a section `[lints]` with `workspace = true`"));
        }
    }
}

/// Returns the value at the end of a path of keys.
fn setting(manifest: &TextFile, path: &[&str]) -> Option<Value> {
    let manifest: Table = manifest.text.parse().ok()?;
    path.iter()
        .try_fold(Value::Table(manifest), |value, key| value.get(key).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROOT: &str = "[workspace]\nmembers = [\n  \"a\",\n  \"b\",\n]\n\n\
        [workspace.lints.rust]\nmissing_docs = \"warn\"\nunsafe_code = \"forbid\" # always\n";
    const MEMBER: &str = "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n";

    fn findings(manifests: &[(&str, &str)]) -> Vec<String> {
        let file = |&(path, text): &(&str, &str)| TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let files: Vec<TextFile> = manifests.iter().map(file).collect();
        let mut findings = Vec::new();
        every_member_shares_the_lints(&files, &mut findings);
        findings.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn members_that_share_the_lints_are_fine() {
        let manifests = [("Cargo.toml", ROOT), ("a/Cargo.toml", MEMBER), ("b/Cargo.toml", MEMBER)];
        assert!(findings(&manifests).is_empty());
    }

    #[test]
    fn a_member_without_the_lints_is_found() {
        let own = "[package]\nname = \"b\"\n\n[lints.rust]\nunsafe_code = \"allow\"\n";
        let manifests = [("Cargo.toml", ROOT), ("a/Cargo.toml", MEMBER), ("b/Cargo.toml", own)];
        assert_eq!(
            findings(&manifests),
            ["b/Cargo.toml:1: a member has a section `[lints]` with `workspace = true`"]
        );
    }

    #[test]
    fn a_table_that_allows_unsafe_code_is_found() {
        let root = ROOT.replace("forbid", "deny");
        let manifests = [
            ("Cargo.toml", &*root),
            ("a/Cargo.toml", MEMBER),
            ("b/Cargo.toml", MEMBER),
        ];
        assert_eq!(
            findings(&manifests),
            ["Cargo.toml:1: `[workspace.lints.rust]` says `unsafe_code = \"forbid\"`"]
        );
    }
}
