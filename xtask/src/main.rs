//! The project's own commands: `cargo xtask help` lists them.
//!
//! One file a command, and this one only chooses. What plain `cargo` does well has no command here.

mod args;

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

mod deny;
mod package;
mod tidy;

mod files;
mod install;
mod process;
mod tool;

use std::env;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::args::Command;

fn main() -> ExitCode {
    let command = match args::parse(env::args().skip(1)) {
        Ok(command) => command,
        Err(mistake) => {
            eprintln!("{mistake}");
            return ExitCode::from(2);
        }
    };
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
        Command::Lint => lint::run(),
        Command::Ui { bless } => ui::run(bless),
        Command::Examples => examples::run(),
        Command::Conformance { bless } => conformance::run(bless),
        Command::Soak(flags) => soak::run(flags),
        Command::Fuzz(flags) => fuzz::run(&flags),
        Command::Races => races::run(),
        Command::Bench(flags) => bench::run(&flags),
        Command::CompileTime(flags) => compile_time::run(flags),
        Command::Help => {
            print!("{}", args::help());
            Ok(())
        }
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
