//! A generated program with many endpoints: the same ones with annotated handlers and by hand.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::{annotated, by_hand};

/// Number of handlers in one file.
const PER_FILE: u32 = 20;

/// The place of its number in a handler's text.
const NUMBER: &str = "@@";

/// The messages of both programs.
const TYPES: &str = r"//! The messages.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
pub struct Say {
    pub text: String,
    pub to: Option<String>,
}

#[derive(Serialize)]
pub struct Said {
    pub text: String,
    pub number: u64,
}

#[derive(Deserialize)]
pub struct Page {
    pub limit: usize,
    pub lang: Option<String>,
}

#[derive(Default)]
pub struct Store {
    count: AtomicU64,
}

impl Store {
    pub fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }
}
";

/// One of the two ways to write the program.
pub(super) struct Style {
    /// The name of the package.
    pub(super) name: &'static str,
    /// The title in the table.
    pub(super) title: &'static str,
    /// Lines of the manifest for the dependencies that only this program has.
    pub(super) dependencies: &'static str,
    /// The text before the handlers of each file.
    pub(super) prelude: &'static str,
    /// A handler of each kind, in the same order in both styles, with [`NUMBER`] for its number.
    pub(super) handlers: [&'static str; KINDS],
    /// Returns the text after the handlers of each file, from their numbers.
    pub(super) epilogue: fn(&[u32]) -> String,
    /// The other files, from the names of the files with handlers.
    pub(super) main: fn(&[String]) -> Vec<(&'static str, String)>,
}

/// Text alone; JSON and a dependency; a query; a path, JSON and a dependency; a query, JSON and a state.
pub(super) const KINDS: usize = 5;

/// The annotated one first.
pub(super) const STYLES: [Style; 2] = [annotated::STYLE, by_hand::STYLE];

/// A program in its folder.
pub(super) struct Program {
    pub(super) style: &'static Style,
    /// The file whose first handler is edited.
    edited: PathBuf,
    /// Its text as generated.
    original: String,
}

impl Program {
    /// Writes the program with this number of handlers into a folder of its own.
    pub(super) fn generate(style: &'static Style, workspace: &Path, handlers: u32) -> Result<Self> {
        let folder = workspace.join(style.name);
        let source = folder.join("src");
        fs::create_dir_all(&source).with_context(|| format!("cannot create {}", source.display()))?;
        fs::write(folder.join("Cargo.toml"), manifest(style))?;
        fs::write(source.join("types.rs"), TYPES)?;
        let numbers: Vec<u32> = (0..handlers).collect();
        let mut modules = Vec::new();
        for (file, numbers) in (0..).zip(numbers.chunks(PER_FILE as usize)) {
            let module = format!("handlers_{file}");
            fs::write(source.join(format!("{module}.rs")), file_of(style, numbers))?;
            modules.push(module);
        }
        for (file, text) in (style.main)(&modules) {
            fs::write(source.join(file), text)?;
        }
        let edited = source.join("handlers_0.rs");
        let original = fs::read_to_string(&edited).with_context(|| format!("cannot read {}", edited.display()))?;
        Ok(Self {
            style,
            edited,
            original,
        })
    }

    /// Changes a text in the first handler. Each `edit` is another change.
    pub(super) fn edit(&self, edit: usize) -> Result<()> {
        let text = self
            .original
            .replacen("handler 0 ", &format!("handler 0, edit {edit} "), 1);
        fs::write(&self.edited, text)?;
        Ok(())
    }
}

fn file_of(style: &Style, numbers: &[u32]) -> String {
    let mut text = style.prelude.to_owned();
    for &number in numbers {
        let kind = style.handlers[number as usize % KINDS];
        text += &kind.replace(NUMBER, &number.to_string());
    }
    text + &(style.epilogue)(numbers)
}

fn manifest(style: &Style) -> String {
    let Style { name, dependencies, .. } = style;
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n[dependencies]\n\
         {dependencies}serde = {{ version = \"1\", features = [\"derive\"] }}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"net\", \"rt-multi-thread\"] }}\n"
    )
}

/// Returns the lines that declare modules.
pub(super) fn declared(modules: &[String]) -> String {
    let mut text = String::from("mod types;\n");
    for module in modules {
        writeln!(text, "mod {module};").expect("a string takes every write");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handler_has_its_number_in_both_styles() {
        for style in &STYLES {
            let text = file_of(style, &[0, 1, 2, 3, 4]);
            for number in 0..5 {
                assert!(
                    text.contains(&format!("handler {number} ")),
                    "{number} in {}:\n{text}",
                    style.name
                );
                assert!(
                    text.contains(&format!("fn handler_{number}(")),
                    "{number} in {}",
                    style.name
                );
            }
            assert!(!text.contains(NUMBER), "{}", style.name);
        }
    }
}
