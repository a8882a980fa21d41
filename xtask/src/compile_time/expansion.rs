//! How much code an annotated handler becomes.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use super::program::Program;
use crate::process::cargo;

/// What each expansion begins with, behind the user's function.
const GENERATED: &str = "#[allow(deprecated)] const _ : () =";
/// A macro in braces is not formatted, one in parentheses is.
const ENTRY: &str = "inventory :: submit! {";

/// The lines that the macro adds to a handler, on average, as rustfmt lays them out.
pub(super) fn lines(workspace: &Path, program: &Program) -> Result<f64> {
    let output = cargo("check --quiet --package")
        .arg(program.style.name)
        .current_dir(workspace)
        .env_remove("CARGO_TARGET_DIR")
        .env("ROBYN_WS_MACROS_DEBUG", "1")
        .stderr(Stdio::piped())
        .output()
        .context("cannot start cargo")?;
    ensure!(output.status.success(), "the program does not compile");
    let printed = String::from_utf8(output.stderr).context("rustc prints UTF-8")?;
    let generated: Vec<String> = printed.split("\n\n").filter_map(generated).collect();
    ensure!(!generated.is_empty(), "the macro has printed nothing: {printed}");
    let file = workspace.join("expansion.rs");
    fs::write(&file, generated.join("\n"))?;
    let formatted = Command::new("rustfmt").args(["--edition", "2024"]).arg(&file).status();
    ensure!(
        formatted.context("cannot start rustfmt")?.success(),
        "an expansion is no Rust"
    );
    let lines = fs::read_to_string(&file)?
        .lines()
        .filter(|line| !line.is_empty())
        .count();
    #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
    Ok(lines as f64 / generated.len() as f64)
}

/// The part of a printed expansion that the macro has added, on one line.
fn generated(expansion: &str) -> Option<String> {
    let line: Vec<&str> = expansion.split_whitespace().collect();
    let line = line.join(" ");
    let start = line.find(GENERATED)?;
    let (before, entry) = line[start..].split_once(ENTRY)?;
    let end = closing_brace(entry)?;
    let (entry, after) = entry.split_at(end);
    Some(format!("{before}inventory :: submit! ({entry}){}", &after[1..]))
}

/// Where the brace is closed that was opened before `text`.
fn closing_brace(text: &str) -> Option<usize> {
    let mut depth = 1;
    text.char_indices().find_map(|(place, character)| {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_added_is_counted() {
        let line = format!("fn a()\n{{ }} {GENERATED}\n{{ {ENTRY} Entry {{ path : \"/{{room}}\" }} }} }} ;");
        let expected = format!("{GENERATED} {{ inventory :: submit! ( Entry {{ path : \"/{{room}}\" }} ) }} ;");
        assert_eq!(generated(&line), Some(expected));
        assert_eq!(generated("warning: unused"), None);
    }
}
