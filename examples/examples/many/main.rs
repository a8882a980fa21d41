//! What a crowd costs: as many connections as the machine allows, quiet, chatting, in a broadcast and in a drain.
//! Run it: `cargo run --release --example many`
//! Then read the table, or ask for something else with `--connections N`, `--idle-seconds N` and `--ping-seconds N`

use std::{error::Error, process::ExitCode};

#[cfg(target_os = "linux")]
mod measure;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// This process is the server and measures itself. The clients are in a process of their own, so that their memory,
/// their time and their open files are not the server's.
#[cfg(target_os = "linux")]
fn run() -> Outcome {
    use measure::{clients, crowd, options::Options};

    let words: Vec<String> = std::env::args().skip(1).collect();
    match &*words {
        [word, server] if word == crowd::CLIENTS => clients::run(server.parse()?),
        _ => measure::run(&Options::parse(words)?),
    }
}

#[cfg(not(target_os = "linux"))]
fn run() -> Outcome {
    Err("the memory and the time of the server are read as only Linux tells them: run this example there".into())
}
