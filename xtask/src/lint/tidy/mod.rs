//! The first step of `lint`: the house rules that no other tool knows.

mod layers;
mod links;
mod manifests;
mod prose;

use std::fmt;
use std::path::Path;

use anyhow::{Result, bail};

use super::step::Outcome;
use crate::files::{TextFile, text_files};

/// A place where a rule is broken, and how to keep the rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from one.
    line: usize,
    message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

impl TextFile {
    fn finding(&self, line: usize, message: impl Into<String>) -> Finding {
        Finding {
            path: self.path.clone(),
            line,
            message: message.into(),
        }
    }

    fn is(&self, extension: &str) -> bool {
        Path::new(&self.path).extension().is_some_and(|own| own == extension)
    }

    fn is_rust_in(&self, folders: &[&str]) -> bool {
        self.is("rs") && folders.iter().any(|folder| self.path.starts_with(folder))
    }
}

/// The sources of the crates and of this program.
const SOURCES: &[&str] = &["robyn-ws/src/", "robyn-ws-macros/src/", "xtask/src/"];

/// Each looks at one file and adds what it finds.
const RULES: &[fn(&TextFile, &mut Vec<Finding>)] = &[
    no_trailing_whitespace,
    one_final_newline,
    modules_say_what_they_are,
    examples_say_what_they_show,
    short_files,
    no_should_panic,
    links::links_lead_to_files,
    prose::docs_begin_with_the_usual_verbs,
];

/// Checks every text file by every rule, then what only the whole workspace shows.
pub(super) fn run() -> Result<Outcome> {
    let files = text_files()?;
    let mut findings = Vec::new();
    for rule in RULES {
        for file in &files {
            rule(file, &mut findings);
        }
    }
    manifests::every_member_shares_the_lints(&files, &mut findings);
    layers::imports_run_down(&files, &mut findings);

    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("{} places are not tidy", findings.len());
    }
    eprintln!("{} files are tidy", files.len());
    Ok(Outcome::Passed)
}

fn no_trailing_whitespace(file: &TextFile, findings: &mut Vec<Finding>) {
    for (number, line) in (1..).zip(file.text.split('\n')) {
        if line.ends_with(char::is_whitespace) {
            findings.push(file.finding(number, "whitespace at the end of the line"));
        }
    }
}

fn one_final_newline(file: &TextFile, findings: &mut Vec<Finding>) {
    let text = &file.text;
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        let last = text.lines().count();
        findings.push(file.finding(last, "a file ends with one newline"));
    }
}

/// A reader decides by a module's first line whether to read on.
fn modules_say_what_they_are(file: &TextFile, findings: &mut Vec<Finding>) {
    let modules = file.is_rust_in(SOURCES);
    // The runtime crate's own words are its README.
    let says = file.text.starts_with("//!") || file.text.starts_with("#![doc = include_str!");
    if modules && !says {
        findings.push(file.finding(1, "a module begins with a `//!` line that says what it is"));
    }
}

fn examples_say_what_they_show(file: &TextFile, findings: &mut Vec<Finding>) {
    if file.is_rust_in(&["examples/examples/"]) && !file.text.starts_with("//") {
        let message = "an example begins with a comment: what it shows, how to run it, what to type";
        findings.push(file.finding(1, message));
    }
}

/// A file that is longer does more than one thing.
fn short_files(file: &TextFile, findings: &mut Vec<Finding>) {
    const LIMIT: usize = 400;

    let length = file.text.lines().count();
    if file.is_rust_in(&["robyn-ws/src/", "robyn-ws-macros/src/"]) && length > LIMIT {
        let message = format!("a file has at most {LIMIT} lines, this one has {length}: split it");
        findings.push(file.finding(LIMIT + 1, message));
    }
}

/// It passes on any panic, also on one that nobody meant.
fn no_should_panic(file: &TextFile, findings: &mut Vec<Finding>) {
    for (number, line) in (1..).zip(file.text.lines()) {
        if file.is("rs") && line.trim_start().starts_with("#[should_panic") {
            let message = "catch the panic and compare its message instead of `#[should_panic]`";
            findings.push(file.finding(number, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that a rule complains about.
    pub(super) fn lines(rule: fn(&TextFile, &mut Vec<Finding>), path: &str, text: &str) -> Vec<usize> {
        let file = TextFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        let mut findings = Vec::new();
        rule(&file, &mut findings);
        findings.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn whitespace_at_the_end_of_a_line_is_found() {
        assert_eq!(lines(no_trailing_whitespace, "a.md", "good\nbad \n\ttoo\t\n"), [2, 3]);
        assert_eq!(lines(no_trailing_whitespace, "a.md", "windows\r\n"), [1]);
        assert!(lines(no_trailing_whitespace, "a.md", "  good\n\n").is_empty());
    }

    #[test]
    fn a_file_ends_with_exactly_one_newline() {
        assert_eq!(lines(one_final_newline, "a.md", "a\nb"), [2]);
        assert_eq!(lines(one_final_newline, "a.md", "a\n\n"), [2]);
        assert!(lines(one_final_newline, "a.md", "a\n").is_empty());
        assert!(lines(one_final_newline, "a.md", "").is_empty());
    }

    #[test]
    fn a_module_of_the_crates_needs_its_first_line() {
        assert_eq!(
            lines(modules_say_what_they_are, "robyn-ws/src/hub/mod.rs", "use a;\n"),
            [1]
        );
        assert!(lines(modules_say_what_they_are, "robyn-ws/src/hub/mod.rs", "//! The hub.\n").is_empty());
        assert!(lines(modules_say_what_they_are, "tests/ui/fail/a.rs", "use a;\n").is_empty());
    }

    #[test]
    fn an_example_needs_its_comment() {
        let path = "examples/examples/chat.rs";
        assert_eq!(lines(examples_say_what_they_show, path, "use a;\n"), [1]);
        assert!(lines(examples_say_what_they_show, path, "// A chat.\n").is_empty());
    }

    #[test]
    fn the_crates_have_no_long_files() {
        let long = "//\n".repeat(401);
        assert_eq!(lines(short_files, "robyn-ws/src/app.rs", &long), [401]);
        assert!(lines(short_files, "robyn-ws/src/app.rs", &long[3..]).is_empty());
        assert!(lines(short_files, "tests/src/lib.rs", &long).is_empty());
    }

    #[test]
    fn tests_do_not_accept_any_panic() {
        let text = "#[test]\n#[should_panic]\nfn a() {}\n    #[should_panic(expected = \"b\")]\n";
        assert_eq!(lines(no_should_panic, "tests/a.rs", text), [2, 4]);
        assert!(lines(no_should_panic, "CONTRIBUTING.md", text).is_empty());
    }
}
