//! Runs the scenarios against the peers, and reports. `cargo xtask bench --help` lists the flags.
//!
//! This process is the load generator. Every server is a process of its own, on other cores.

mod chart;
mod cores;
mod crowd;
mod exchange;
mod flood;
mod installed;
mod machine;
mod open_loop;
mod options;
mod peer;
mod report;
mod results;
mod run;
mod samples;
mod scenario;
mod server;
mod work;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser as _;

use crate::{cores::Cores, machine::Machine, options::Options, run::Run};

fn main() -> ExitCode {
    match bench(&Options::parse()) {
        Ok(failures) if failures.is_empty() => ExitCode::SUCCESS,
        Ok(failures) => {
            eprintln!("\nbench: FAILED, and not reported:");
            for failure in failures {
                eprintln!("  {failure}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn bench(options: &Options) -> Result<Vec<String>> {
    let open_files = robyn_ws_bench::raise_open_files();
    let machine = Machine::look(Cores::choose(options.workers)?, open_files);
    eprintln!("bench: {machine}");
    let results = Run::new(options, &machine)?.all()?;
    report::write(options, &machine, &results)?;
    Ok(results.failures())
}
