//! `cargo xtask compile-time`: how long many annotated handlers take to compile, beside the same ones written by hand.
//!
//! Both programs are generated, with as many files, types, extractors and endpoints. Their dependencies are built before;
//! what is measured is their own code, with cargo's own share, which is the same for both.

mod annotated;
mod by_hand;
mod expansion;
mod program;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::args::CompileTime;
use crate::process::{self, cargo};

use self::program::{Program, STYLES};

/// A workspace of its own, so that nothing of it is in ours.
const WORKSPACE: &str = "target/compile-time";

const HANDLERS: u32 = 200;
const ROUNDS: usize = 5;

/// The most that annotated handlers may take, compared with those by hand.
const GOAL: f64 = 1.3;

/// What is measured.
struct Task {
    title: &'static str,
    command: &'static str,
    /// Of the command and of what it cleans.
    profile: &'static str,
    /// Whether one handler was edited, instead of everything of the program being built anew.
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

/// What every task took in every round, by style and task.
type Times = [Vec<Vec<Duration>>; STYLES.len()];

pub(crate) fn run(flags: CompileTime) -> Result<()> {
    let handlers = flags.handlers.unwrap_or(HANDLERS);
    let rounds = flags.rounds.unwrap_or(ROUNDS);
    let workspace = Path::new(WORKSPACE);
    let programs = generate(workspace, handlers)?;
    for task in TASKS.iter().filter(|task| !task.edited) {
        eprintln!("warming up: {}", task.title);
        for program in &programs {
            process::run(&mut compile(task, program))?;
        }
    }
    process::run(&mut clean(&TASKS[0], &programs[0]))?;
    let lines = expansion::lines(workspace, &programs[0])?;
    let times = measure(&programs, rounds)?;
    println!("{}", report(&times, handlers, rounds, lines));
    Ok(())
}

fn generate(workspace: &Path, handlers: u32) -> Result<[Program; STYLES.len()]> {
    fs::create_dir_all(workspace)?;
    let members = STYLES.map(|style| format!("\"{}\"", style.name)).join(", ");
    fs::write(
        workspace.join("Cargo.toml"),
        format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n"),
    )?;
    // The versions of dependencies that are locked here; cargo adds what only the program by hand has.
    fs::copy("Cargo.lock", workspace.join("Cargo.lock"))?;
    let [annotated, by_hand] = &STYLES;
    Ok([
        Program::generate(annotated, workspace, handlers)?,
        Program::generate(by_hand, workspace, handlers)?,
    ])
}

/// Measures round by round, and in each task by task, so that what else the machine does meets both alike.
fn measure(programs: &[Program; STYLES.len()], rounds: usize) -> Result<Times> {
    let mut times: Times = std::array::from_fn(|_| vec![Vec::new(); TASKS.len()]);
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        for (number, task) in TASKS.iter().enumerate() {
            // Each is first in every second round.
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

/// Forgets everything of the program, and nothing of its dependencies.
fn clean(task: &Task, program: &Program) -> Command {
    in_workspace("clean", task, program)
}

fn in_workspace(command: &str, Task { profile, .. }: &Task, program: &Program) -> Command {
    let mut command = cargo(command);
    command
        .args(["--package", program.style.name, "--profile", profile])
        .current_dir(WORKSPACE)
        // Whoever started us may have one of their own.
        .env_remove("CARGO_TARGET_DIR");
    command
}

/// The table, in Markdown.
fn report(times: &Times, handlers: u32, rounds: usize, lines: f64) -> String {
    let [annotated, by_hand] = STYLES.map(|style| style.title);
    let head = format!(
        "{handlers} handlers, medians of {rounds} rounds; {lines:.0} lines of expansion per handler; goal: a ratio of at \
         most {GOAL}\n\n| | {annotated} | {by_hand} | ratio |\n|---|---:|---:|---:|\n"
    );
    let rows = TASKS.iter().enumerate().map(|(number, task)| {
        let [ours, theirs] = [0, 1].map(|style: usize| median(&times[style][number]).as_secs_f64());
        let ratio = ours / theirs;
        let missed = if ratio > GOAL { " (over the goal)" } else { "" };
        format!(
            "| {} | {ours:.2} s | {theirs:.2} s | {ratio:.2}{missed} |\n",
            task.title
        )
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
    fn the_table_has_medians_and_ratios_and_says_where_the_goal_is_missed() {
        let seconds = |ours: [u64; 3]| vec![ours.map(Duration::from_secs).to_vec(); TASKS.len()];
        let table = report(&[seconds([9, 3, 1]), seconds([2, 2, 0])], 200, 3, 24.4);
        assert!(
            table.starts_with("200 handlers, medians of 3 rounds; 24 lines"),
            "{table}"
        );
        assert!(
            table.contains("| `cargo check` | 3.00 s | 2.00 s | 1.50 (over the goal) |"),
            "{table}"
        );
        let table = report(&[seconds([2, 2, 2]), seconds([2, 2, 0])], 200, 3, 24.4);
        assert!(table.contains("| `cargo check` | 2.00 s | 2.00 s | 1.00 |"), "{table}");
    }
}
