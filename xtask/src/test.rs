//! `cargo xtask test`: every test there is.

use std::fmt;
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::bench;
use crate::process::{self, cargo};

/// Builds the examples, which the tests start as programs, then runs all tests, even after one has failed.
pub(crate) fn run() -> Result<()> {
    let started = Instant::now();

    // Both commands select all packages and features, for cargo would otherwise build the shared
    // dependencies twice.
    process::run(&mut cargo("build --workspace --all-features --examples"))?;

    let mut tally = Tally::default();
    let mut succeeded = true;
    // The benchmark is a workspace of its own.
    for mut tests in [cargo("test --workspace --all-features"), bench::cargo("test")] {
        succeeded &= process::succeeds_with_lines(tests.arg("--no-fail-fast"), |line| {
            println!("{line}");
            tally.add(line);
        })?;
    }

    let seconds = started.elapsed().as_secs();
    ensure!(succeeded, "{tally}; the failures are above");
    println!("test: {tally} (unit, integration, ui, examples and doctests) in {seconds} s");
    Ok(())
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
