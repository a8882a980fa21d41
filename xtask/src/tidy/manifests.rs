//! The rule that all members share the lint table, which forbids unsafe code.

use super::Finding;
use crate::files::TextFile;

pub(super) fn every_member_shares_the_lints(files: &[TextFile], findings: &mut Vec<Finding>) {
    let manifest = |path: &str| files.iter().find(|file| file.path == path);
    let Some(root) = manifest("Cargo.toml") else {
        return;
    };
    if setting(&root.text, "workspace.lints.rust", "unsafe_code") != Some("\"forbid\"") {
        findings.push(root.finding(1, "`[workspace.lints.rust]` says `unsafe_code = \"forbid\"`"));
    }
    for member in members(&root.text) {
        let Some(file) = manifest(&format!("{member}/Cargo.toml")) else {
            findings.push(root.finding(1, format!("the member `{member}` has no manifest")));
            continue;
        };
        if setting(&file.text, "lints", "workspace") != Some("true") {
            findings.push(file.finding(1, "a member has a section `[lints]` with `workspace = true`"));
        }
    }
}

/// The folders that the workspace's manifest lists.
fn members(manifest: &str) -> impl Iterator<Item = &str> {
    let list = manifest.split_once("\nmembers = [").map_or("", |(_, rest)| rest);
    let list = list.split(']').next().unwrap_or(list);
    // Every second part is a name: the quotes stand between the parts.
    list.split('"').skip(1).step_by(2)
}

/// The value of a key, as it is written. This reads the plain style that our manifests have and not
/// all of TOML, for which a dependency would be needed.
fn setting<'a>(manifest: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let header = format!("[{section}]");
    manifest
        .lines()
        .skip_while(|line| line.trim() != header)
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.split('#').next().unwrap_or(value).trim())
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
