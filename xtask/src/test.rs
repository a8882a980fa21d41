//! `cargo xtask test`: every test there is.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use crate::process::{self, cargo};
use crate::{bench, install};

/// Where tests write that they are skipped, a line each: the harness keeps back what a test prints that passes.
const SKIPPED: &str = "target/skipped.txt";

/// What the promises are run over, beside HTTP/1.1 over TCP.
const TRANSPORTS: [&str; 2] = ["tls", "http2"];

/// The modules of the integration tests that are about live connections.
const PROMISES: [&str; 7] = [
    "closing::",
    "drain::",
    "handlers::",
    "limits::",
    "messages::",
    "rooms::",
    "sending::",
];

/// What is left out of them: the requests of the module `handshake`, clients by the thousand, which take long to encrypt, and
/// a test of the buffers of TCP.
const ELSEWHERE: [&str; 3] = ["handshake::", "10000", "had_more_to_send_than_was_taken"];

/// Runs all tests, even after one has failed. Cargo builds the examples, which some start as programs, before it runs any.
///
/// With `install` the programs from elsewhere are brought first, and no test may be skipped.
pub(crate) fn run(install: bool) -> Result<()> {
    let started = Instant::now();
    if install {
        install::run()?;
    }
    let list = std::path::absolute(SKIPPED)?;
    forget(&list)?;

    let mut tally = Tally::default();
    let mut succeeded = true;
    // The benchmark is a workspace of its own.
    let mut runs = vec![
        cargo("test --workspace --all-features --no-fail-fast"),
        bench::cargo(&bench::PEERS, "test"),
    ];
    runs[1].arg("--no-fail-fast");
    runs.extend(TRANSPORTS.map(promises_over));
    for mut tests in runs {
        tests.env("ROBYN_WS_SKIPPED", &list);
        if install {
            tests.env("ROBYN_WS_REQUIRE_PROGRAMS", "1");
        }
        succeeded &= process::succeeds_with_lines(&mut tests, |line| {
            println!("{line}");
            tally.add(line);
        })?;
    }

    let skipped = lines(&list)?;
    for line in &skipped {
        println!("{line}");
    }
    if !skipped.is_empty() {
        println!(
            "test: {} SKIPPED; `cargo xtask test --install` brings what they need",
            skipped.len()
        );
    }
    let seconds = started.elapsed().as_secs();
    ensure!(succeeded, "{tally}; the failures are above");
    println!("test: {tally} (unit, integration, ui, examples and doctests) in {seconds} s");
    Ok(())
}

/// Runs the promises to the clients of a live connection over another transport. Requests and their answers have other
/// forms there, and tests of their own.
fn promises_over(transport: &str) -> Command {
    let mut tests = cargo("test --workspace --all-features --no-fail-fast --test integration --");
    tests.args(PROMISES).env("ROBYN_WS_TRANSPORT", transport);
    for other in ELSEWHERE {
        tests.args(["--skip", other]);
    }
    tests
}

/// Removes the list of an earlier run.
fn forget(list: &Path) -> Result<()> {
    match fs::remove_file(list) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", list.display()))
        }
        _ => Ok(()),
    }
}

/// Returns the lines of a list, each once. Where nothing was skipped there is none.
fn lines(list: &Path) -> Result<BTreeSet<String>> {
    match fs::read_to_string(list) {
        Ok(lines) => Ok(lines.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", list.display())),
    }
}

/// The sum of what the test programs reported.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    programs: u32,
    passed: u32,
    failed: u32,
    ignored: u32,
}

impl Tally {
    /// Counts the line with which a test program ends; all other lines pass by.
    fn add(&mut self, line: &str) {
        let Some(result) = line.strip_prefix("test result: ") else {
            return;
        };
        self.programs += 1;
        for part in result.split([';', '.']) {
            let Some((count, kind)) = part.trim().split_once(' ') else {
                continue;
            };
            let Ok(count) = count.parse::<u32>() else {
                continue;
            };
            match kind {
                "passed" => self.passed += count,
                "failed" => self.failed += count,
                "ignored" => self.ignored += count,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            programs,
            passed,
            failed,
            ignored,
        } = self;
        write!(
            f,
            "{programs} test programs, {passed} passed, {failed} failed, {ignored} ignored"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_skipped_test_is_listed_once_and_those_of_an_earlier_run_are_forgotten() {
        let list = std::env::temp_dir().join(format!("robyn_ws_skipped_{}", std::process::id()));
        fs::write(&list, "skipped: b\nskipped: a\nskipped: b\n").unwrap();
        let skipped: Vec<String> = lines(&list).unwrap().into_iter().collect();
        assert_eq!(skipped, ["skipped: a", "skipped: b"]);
        forget(&list).unwrap();
        forget(&list).unwrap();
        assert!(lines(&list).unwrap().is_empty());
    }

    #[test]
    fn the_last_lines_of_test_programs_are_summed() {
        let mut tally = Tally::default();
        tally.add("running 3 tests");
        tally.add("test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.52s");
        tally.add("test a_test ... ok");
        tally.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 1.00s");
        assert_eq!(
            tally,
            Tally {
                programs: 2,
                passed: 15,
                failed: 2,
                ignored: 1
            }
        );
        assert_eq!(tally.to_string(), "2 test programs, 15 passed, 2 failed, 1 ignored");
    }
}
