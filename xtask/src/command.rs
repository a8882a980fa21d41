//! The command line: every command with its flags, which are its help as well.

use std::ffi::OsString;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser};

use crate::lint;

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask", arg_required_else_help = true)]
pub(crate) enum Command {
    /// Run every test
    Test {
        /// Install the programs from elsewhere that some tests need, and let no test be skipped
        #[arg(long)]
        install: bool,
    },
    /// Check everything that can be checked without running it
    Lint {
        /// Do only these
        #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(lint::names()))]
        steps: Vec<String>,
    },
    /// Run the compile-fail tests
    Ui {
        /// Accept what the compiler says now
        #[arg(long)]
        bless: bool,
    },
    /// List the examples and build them
    Examples,
    /// Run Autobahn's cases against an echo server
    Conformance {
        /// Accept what the server does now
        #[arg(long)]
        bless: bool,
    },
    /// Run the fuzz targets, which need a nightly compiler
    Fuzz {
        /// How long each target runs
        #[arg(long, value_name = "N", default_value_t = 30)]
        seconds: u64,
        /// Run only this one
        #[arg(long, value_name = "NAME")]
        target: Option<String>,
    },
    /// Run what threads share in thousands of interleavings
    Races,
    /// Run thousands of clients that misbehave, and check everything; `soak --help` lists the flags
    Soak(Forwarded),
    /// Measure how long many annotated handlers take to compile, beside the same handlers by hand
    CompileTime {
        #[arg(long, value_name = "N", default_value_t = 200)]
        handlers: u32,
        #[arg(long, value_name = "N", default_value_t = 5)]
        rounds: usize,
    },
    /// Measure robyn-ws beside its peers; `bench --help` lists the flags
    Bench(Forwarded),
    /// Measure two nodes with a backplane; `bench-nodes --help` lists the flags
    BenchNodes(Forwarded),
}

/// Words for the program that a command runs, which declares its own flags.
#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub(crate) struct Forwarded {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FLAGS")]
    pub(crate) flags: Vec<OsString>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    fn parse(line: &str) -> Result<Command, String> {
        let words = ["xtask"].into_iter().chain(line.split_whitespace());
        Command::try_parse_from(words).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn the_commands_are_declared_without_a_contradiction() {
        Command::command().debug_assert();
    }

    #[test]
    fn the_flags_of_soak_and_bench_reach_their_programs_as_they_are() {
        for flags in ["--seconds 60 --seed 7", "--quick --only a,b", "--help", ""] {
            let Ok(Command::Soak(soak)) = parse(&format!("soak {flags}")) else {
                panic!("{flags}");
            };
            assert_eq!(soak.flags, flags.split_whitespace().collect::<Vec<_>>());
            assert!(matches!(parse(&format!("bench {flags}")), Ok(Command::Bench(bench)) if bench.flags == soak.flags));
        }
    }

    #[test]
    fn a_slip_is_answered_with_the_closest_word() {
        for (line, word) in [
            ("tset", "'test'"),
            ("ui --bles", "'--bless'"),
            ("fuzz --second 1", "'--seconds'"),
        ] {
            let mistake = parse(line).unwrap_err();
            assert!(mistake.contains("similar") && mistake.contains(word), "{mistake}");
        }
        assert!(
            parse("fuzz --seconds long")
                .unwrap_err()
                .contains("invalid value 'long'")
        );
        assert!(parse("lint --bless").unwrap_err().contains("unexpected argument"));
    }
}
