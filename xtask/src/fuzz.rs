//! `cargo xtask fuzz`: runs each fuzz target for a while, or one of them.
//!
//! What a run learns is kept in the target folder and is where the next one goes on; `tests/fuzz/seeds` is where the
//! first one starts.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::tool::Tool;
use crate::toolchain::Toolchain;
use crate::workspace;

const CARGO_FUZZ: Tool = Tool {
    name: "cargo-fuzz",
    version: "0.13.2",
};

const PACKAGE: &str = "tests/fuzz";
const BUILT: &str = "target/fuzz";
/// Our crates have no unsafe code for a sanitizer to look at, and without one a target is several times as fast.
const OPTIONS: [&str; 6] = ["--fuzz-dir", PACKAGE, "--target-dir", BUILT, "--sanitizer", "none"];
/// Bytes of an input, seconds that one may take, and MiB of memory.
const LIMITS: [&str; 3] = ["-max_len=4096", "-timeout=10", "-rss_limit_mb=2048"];

/// Runs each target for so many seconds.
pub(crate) fn run(seconds: u64, target: Option<&str>) -> Result<()> {
    let targets = chosen(targets()?, target)?;
    let fuzzer = Fuzzer {
        nightly: Toolchain::provide("nightly")?,
        program: CARGO_FUZZ.program()?,
    };
    // Before the first run, so that a mistake in a target is not taken for a finding.
    process::run(&mut fuzzer.command("build", &[]))?;

    let mut failed = Vec::new();
    for target in &targets {
        let started = SystemTime::now();
        if !fuzzer.run(target, seconds)? {
            failed.push((target, findings(target, started)?));
        }
    }
    if failed.is_empty() {
        println!("fuzz: passed: {}", targets.join(", "));
        return Ok(());
    }
    for (target, findings) in &failed {
        println!("fuzz: FAILED: {target}; what was seen is above");
        for finding in findings {
            let again = process::shown(&fuzzer.command("run", &[target, finding]));
            println!("  this input shows it again: {again}");
        }
    }
    bail!("{} of {} fuzz targets failed", failed.len(), targets.len());
}

/// cargo-fuzz with its compiler.
struct Fuzzer {
    nightly: Toolchain,
    program: String,
}

impl Fuzzer {
    /// Returns `true` if nothing was found.
    fn run(&self, target: &str, seconds: u64) -> Result<bool> {
        let learned = format!("{BUILT}/corpus/{target}");
        let seeds = format!("{PACKAGE}/seeds/{target}");
        fs::create_dir_all(&learned).with_context(|| format!("cannot make {learned}"))?;
        let mut command = self.command("run", &[target, &learned, &seeds, "--"]);
        command.args(LIMITS);
        // Only the findings and the sum, not every input that is new.
        command.args(["-verbosity=0", "-print_final_stats=1"]);
        process::succeeds(command.arg(format!("-max_total_time={seconds}")))
    }

    fn command(&self, subcommand: &str, arguments: &[&str]) -> Command {
        let mut command = self.nightly.command(&self.program);
        command.arg(subcommand).args(OPTIONS).args(arguments);
        command
    }
}

fn targets() -> Result<Vec<String>> {
    let targets = workspace::targets(&format!("{PACKAGE}/Cargo.toml"), "bin")?;
    Ok(targets.into_iter().map(|target| target.name).collect())
}

fn chosen(targets: Vec<String>, target: Option<&str>) -> Result<Vec<String>> {
    match target {
        None => Ok(targets),
        Some(target) if targets.iter().any(|known| known == target) => Ok(vec![target.to_owned()]),
        Some(target) => bail!(
            "no fuzz target is called `{target}`; expected one of: {}",
            targets.join(", ")
        ),
    }
}

/// The inputs that were written down since.
fn findings(target: &str, since: SystemTime) -> Result<Vec<String>> {
    let folder = format!("{PACKAGE}/artifacts/{target}");
    if !Path::new(&folder).exists() {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {folder}"))? {
        let entry = entry?;
        if entry.metadata()?.modified()? >= since {
            findings.push(format!("{folder}/{}", entry.file_name().display()));
        }
    }
    findings.sort();
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_targets_are_run_unless_one_is_chosen() {
        let all = || vec!["frames".to_owned(), "rooms".to_owned()];
        assert_eq!(chosen(all(), None).unwrap(), all());
        assert_eq!(chosen(all(), Some("rooms")).unwrap(), ["rooms"]);
        assert_eq!(
            chosen(all(), Some("room")).unwrap_err().to_string(),
            "no fuzz target is called `room`; expected one of: frames, rooms"
        );
    }

    #[test]
    fn a_finding_is_shown_with_the_command_that_repeats_it() {
        let fuzzer = Fuzzer {
            nightly: Toolchain::installed("nightly"),
            program: "cargo-fuzz".to_owned(),
        };
        let again = fuzzer.command("run", &["rooms", "crash-1"]);
        assert_eq!(
            process::shown(&again),
            "rustup run nightly cargo-fuzz run --fuzz-dir tests/fuzz --target-dir target/fuzz --sanitizer none rooms crash-1"
        );
    }
}
