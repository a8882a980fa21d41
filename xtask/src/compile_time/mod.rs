//! `cargo xtask compile-time`: the compile time of many annotated handlers, beside the same handlers by hand.
//!
//! Both programs are generated, with the same number of files, types, extractors and endpoints. The program by hand has
//! one loop over messages, which all its endpoints share. The dependencies are compiled before the measurement. Cargo's
//! own share is in both times.

mod annotated;
mod by_hand;
mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::process::{self, cargo};

use self::program::{Program, STYLES};

/// A workspace of its own, apart from ours.
const WORKSPACE: &str = "target/compile-time";

/// A measured command.
struct Task {
    title: &'static str,
    command: &'static str,
    profile: &'static str,
    /// Whether only one handler has changed since the last time. Otherwise the whole program is compiled.
    edited: bool,
}

const TASKS: &[Task] = &[
    task("`cargo check`", "check", "dev", false),
    task("`cargo check`, one handler edited", "check", "dev", true),
    task("`cargo build`", "build", "dev", false),
    task("`cargo build`, one handler edited", "build", "dev", true),
    task("`cargo build --release`", "build", "release", false),
    task("`cargo build --release`, one handler edited", "build", "release", true),
];

const fn task(title: &'static str, command: &'static str, profile: &'static str, edited: bool) -> Task {
    Task {
        title,
        command,
        profile,
        edited,
    }
}

/// The times by style, task and round.
type Times = [Vec<Vec<Duration>>; STYLES.len()];

pub(crate) fn run(handlers: u32, rounds: usize) -> Result<()> {
    let workspace = Path::new(WORKSPACE);
    let programs = generate(workspace, handlers)?;
    for task in TASKS.iter().filter(|task| !task.edited) {
        eprintln!("warming up: {}", task.title);
        for program in &programs {
            process::run(&mut compile(task, program))?;
        }
    }
    let times = measure(&programs, rounds)?;
    println!("{}", report(&times, handlers, rounds));
    Ok(())
}

fn generate(workspace: &Path, handlers: u32) -> Result<[Program; STYLES.len()]> {
    fs::create_dir_all(workspace)?;
    let members = STYLES.map(|style| format!("\"{}\"", style.name)).join(", ");
    fs::write(
        workspace.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n"),
    )?;
    // The versions of dependencies that are locked here. Cargo adds those that only the program by hand has.
    fs::copy("Cargo.lock", workspace.join("Cargo.lock"))?;
    let [annotated, by_hand] = &STYLES;
    Ok([
        Program::generate(annotated, workspace, handlers)?,
        Program::generate(by_hand, workspace, handlers)?,
    ])
}

/// Measures round by round, and each task in each round, so that other work of the machine meets both programs.
fn measure(programs: &[Program; STYLES.len()], rounds: usize) -> Result<Times> {
    let mut times: Times = std::array::from_fn(|_| vec![Vec::new(); TASKS.len()]);
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for (number, task) in TASKS.iter().enumerate() {
            // Each program is first in every second round.
            let order = if round % 2 == 0 { [0, 1] } else { [1, 0] };
            for style in order {
                let program = &programs[style];
                if task.edited {
                    program.edit(round * TASKS.len() + number)?;
                } else {
                    process::run(quiet(&mut clean(task, program)))?;
                }
                times[style][number].push(timed(&mut compile(task, program))?);
            }
        }
    }
    Ok(times)
}

fn timed(command: &mut Command) -> Result<Duration> {
    let started = Instant::now();
    process::run(quiet(command))?;
    Ok(started.elapsed())
}

fn quiet(command: &mut Command) -> &mut Command {
    command.arg("--quiet").stdout(Stdio::null())
}

fn compile(task: &Task, program: &Program) -> Command {
    in_workspace(task.command, task, program)
}

/// Removes everything of the program, and nothing of its dependencies.
fn clean(task: &Task, program: &Program) -> Command {
    in_workspace("clean", task, program)
}

fn in_workspace(command: &str, Task { profile, .. }: &Task, program: &Program) -> Command {
    let mut command = cargo(command);
    command
        .args(["--package", program.style.name, "--profile", profile])
        .current_dir(WORKSPACE)
        // The user may have a target folder of their own.
        .env_remove("CARGO_TARGET_DIR");
    command
}

/// Returns the table, in Markdown.
fn report(times: &Times, handlers: u32, rounds: usize) -> String {
    let [annotated, by_hand] = STYLES.map(|style| style.title);
    let head = format!(
        "{handlers} handlers, medians of {rounds} rounds\n\n| | {annotated} | {by_hand} | ratio |\n|---|---:|---:|---:|\n"
    );
    let rows = TASKS.iter().enumerate().map(|(number, task)| {
        let [ours, theirs] = [0, 1].map(|style: usize| median(&times[style][number]).as_secs_f64());
        let ratio = ours / theirs;
        format!("| {} | {ours:.2} s | {theirs:.2} s | {ratio:.2} |\n", task.title)
    });
    std::iter::once(head).chain(rows).collect::<Vec<_>>().concat()
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_medians_and_ratios() {
        let seconds = |ours: [u64; 3]| vec![ours.map(Duration::from_secs).to_vec(); TASKS.len()];
        let table = report(&[seconds([9, 3, 1]), seconds([2, 2, 0])], 200, 3);
        assert!(table.starts_with("200 handlers, medians of 3 rounds"), "{table}");
        assert!(table.contains("| `cargo check` | 3.00 s | 2.00 s | 1.50 |"), "{table}");
    }
}
