//! The project's own commands: `cargo xtask help` lists them.
//!
//! One file a command, and this one only chooses. What plain `cargo` does well has no command here.

mod command;

mod bench;
mod compile_time;
mod conformance;
mod examples;
mod fuzz;
mod lint;
mod races;
mod soak;
mod test;
mod ui;

mod files;
mod install;
mod process;
mod tool;
mod toolchain;
mod workspace;

use std::env;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;

use crate::command::Command;

fn main() -> ExitCode {
    let command = Command::parse();
    match enter_root().and_then(|()| run(command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Test { install } => test::run(install),
        Command::Lint { steps } => lint::run(&steps),
        Command::Ui { bless } => ui::run(bless),
        Command::Examples => examples::run(),
        Command::Conformance { bless } => conformance::run(bless),
        Command::Fuzz { seconds, target } => fuzz::run(seconds, target.as_deref()),
        Command::Races => races::run(),
        Command::Soak(words) => soak::run(&words.flags),
        Command::CompileTime { handlers, rounds } => compile_time::run(handlers, rounds),
        Command::Bench(words) => bench::run(&bench::PEERS, &words.flags),
        Command::BenchNodes(words) => bench::run(&bench::NODES, &words.flags),
    }
}

/// Goes to the workspace's root: a command does the same from every folder of the repository, and
/// all paths in here are relative to the root.
fn enter_root() -> anyhow::Result<()> {
    // Read now, not when this was compiled: the program may come from the build cache of a checkout
    // that was elsewhere.
    let own = env::var("CARGO_MANIFEST_DIR").context("start it as `cargo xtask`")?;
    let root = format!("{own}/..");
    env::set_current_dir(&root).with_context(|| format!("cannot enter {root}"))
}
