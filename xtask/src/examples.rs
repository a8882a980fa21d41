//! `cargo xtask examples`: builds the examples and says what each one shows.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::process::{self, cargo};

const FOLDER: &str = "examples/examples";

pub(crate) fn run() -> Result<()> {
    // Without a package, as in `cargo run --example NAME`, so that nothing is built again when one is run.
    process::run(&mut cargo("build --examples"))?;
    let examples = find(Path::new(FOLDER))?;
    let width = examples.iter().map(|example| example.name.len()).max().unwrap_or(0);
    println!("run one with `cargo run --example NAME`:");
    for Example { name, shows } in examples {
        println!("  {name:<width$}  {shows}");
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq)]
struct Example {
    name: String,
    shows: String,
}

/// All examples by name: a file is one, and so is a folder that holds a `main.rs`.
fn find(folder: &Path) -> Result<Vec<Example>> {
    let mut examples = Vec::new();
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let Some(source) = source_of(&path) else {
            continue;
        };
        let text = fs::read_to_string(&source).with_context(|| format!("cannot read {}", source.display()))?;
        examples.push(Example {
            name: path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
            shows: first_comment_line(&text).to_owned(),
        });
    }
    examples.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(examples)
}

/// The file that is the example at `path`, if there is one.
fn source_of(path: &Path) -> Option<PathBuf> {
    let main = path.join("main.rs");
    if main.is_file() {
        return Some(main);
    }
    let is_source = path.extension().is_some_and(|extension| extension == "rs");
    is_source.then(|| path.to_owned())
}

fn first_comment_line(text: &str) -> &str {
    let first = text.lines().next().unwrap_or_default();
    first.trim_start_matches(['/', '!']).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_of_comment_say_what_an_example_shows() {
        assert_eq!(
            first_comment_line("//! A chat with rooms.\n//! Run it."),
            "A chat with rooms."
        );
        assert_eq!(
            first_comment_line("// A chat with rooms.\n\nfn main() {}"),
            "A chat with rooms."
        );
        assert_eq!(first_comment_line(""), "");
    }

    #[test]
    fn only_sources_are_examples() {
        assert_eq!(
            source_of(Path::new("no/such/chat.rs")),
            Some(PathBuf::from("no/such/chat.rs"))
        );
        assert_eq!(source_of(Path::new("no/such/page.html")), None);
        assert_eq!(source_of(Path::new("src")), Some(PathBuf::from("src/main.rs")));
    }
}
