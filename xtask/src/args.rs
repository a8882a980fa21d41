//! What was asked for: the commands, their flags, the help text, and what to say about a mistake.

use std::collections::BTreeMap;
use std::fmt;
use std::fmt::Write as _;

/// A command with its flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Test { install: bool },
    Lint,
    Ui { bless: bool },
    Examples,
    Conformance { bless: bool },
    Soak(Soak),
    Fuzz(Fuzz),
    Races,
    Bench(Bench),
    CompileTime(CompileTime),
    Help,
}

/// What `soak` passes on. What is not given is left to the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Soak {
    pub(crate) seconds: Option<u64>,
    pub(crate) clients: Option<u64>,
    pub(crate) seed: Option<u64>,
}

/// What `fuzz` does otherwise than by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fuzz {
    /// For each target.
    pub(crate) seconds: Option<u64>,
    pub(crate) target: Option<String>,
}

/// What `bench` does otherwise than by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bench {
    pub(crate) quick: bool,
    /// Names of peers or scenarios, between commas, which the program knows.
    pub(crate) only: Option<String>,
    pub(crate) workers: Option<u64>,
}

/// What `compile-time` does otherwise than by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct CompileTime {
    pub(crate) handlers: Option<u32>,
    pub(crate) rounds: Option<usize>,
}

/// One line of the help.
struct Entry {
    name: &'static str,
    /// One that takes a number ends with ` N`, one that takes a word with ` NAME` or ` NAMES`.
    flags: &'static [&'static str],
    about: &'static str,
}

const COMMANDS: &[Entry] = &[
    Entry {
        name: "test",
        flags: &["--install"],
        about: "run every test; --install brings the programs from elsewhere that some need",
    },
    Entry {
        name: "lint",
        flags: &[],
        about: "check layout, format, clippy, docs, dependencies and packaging",
    },
    Entry {
        name: "ui",
        flags: &["--bless"],
        about: "run the compile-fail tests; --bless accepts what the compiler says now",
    },
    Entry {
        name: "examples",
        flags: &[],
        about: "build the examples and list them",
    },
    Entry {
        name: "conformance",
        flags: &["--bless"],
        about: "run Autobahn's cases against an echo server; --bless accepts what it does now",
    },
    Entry {
        name: "soak",
        flags: &["--seconds N", "--clients N", "--seed N"],
        about: "run thousands of clients that come, misbehave and go, and check everything",
    },
    Entry {
        name: "fuzz",
        flags: &["--seconds N", "--target NAME"],
        about: "run each fuzz target for a while, or one of them; needs a nightly compiler",
    },
    Entry {
        name: "races",
        flags: &[],
        about: "run what threads share in thousands of interleavings",
    },
    Entry {
        name: "bench",
        flags: &["--quick", "--only NAMES", "--workers N"],
        about: "measure robyn-ws beside its peers, for 20 minutes or 3; --only some peers or scenarios",
    },
    Entry {
        name: "compile-time",
        flags: &["--handlers N", "--rounds N"],
        about: "compare how long annotated handlers compile with the same ones by hand",
    },
    Entry {
        name: "help",
        flags: &[],
        about: "print this",
    },
];

/// Reads what stands behind `cargo xtask`. Nothing at all, and `--help` anywhere, ask for help.
pub(crate) fn parse(words: impl IntoIterator<Item = String>) -> Result<Command, Mistake> {
    let words: Vec<String> = words.into_iter().collect();
    let Some((name, flags)) = words.split_first() else {
        return Ok(Command::Help);
    };
    if words.iter().any(|word| word == "--help" || word == "-h") {
        return Ok(Command::Help);
    }
    let Some(entry) = COMMANDS.iter().find(|entry| entry.name == name) else {
        return Err(Mistake::command(name));
    };
    let given = read_flags(entry, flags)?;
    let bless = given.contains_key("--bless");
    let number = |flag| given.get(flag).and_then(|number| number.parse().ok());
    Ok(match entry.name {
        "test" => Command::Test {
            install: given.contains_key("--install"),
        },
        "lint" => Command::Lint,
        "ui" => Command::Ui { bless },
        "examples" => Command::Examples,
        "conformance" => Command::Conformance { bless },
        "soak" => Command::Soak(Soak {
            seconds: number("--seconds"),
            clients: number("--clients"),
            seed: number("--seed"),
        }),
        "fuzz" => Command::Fuzz(Fuzz {
            seconds: number("--seconds"),
            target: given.get("--target").map(|&target| target.to_owned()),
        }),
        "races" => Command::Races,
        "bench" => Command::Bench(Bench {
            quick: given.contains_key("--quick"),
            only: given.get("--only").map(|&names| names.to_owned()),
            workers: number("--workers"),
        }),
        "compile-time" => Command::CompileTime(CompileTime {
            handlers: number("--handlers").and_then(|number| u32::try_from(number).ok()),
            rounds: number("--rounds").and_then(|number| usize::try_from(number).ok()),
        }),
        _ => Command::Help,
    })
}

/// Reads the flags of a command, and the word that belongs to each. One that takes none has an empty one.
fn read_flags<'a>(entry: &Entry, words: &'a [String]) -> Result<BTreeMap<&'static str, &'a str>, Mistake> {
    let mut given = BTreeMap::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let known = entry
            .flags
            .iter()
            .map(|flag| flag.split_once(' ').unwrap_or((flag, "")));
        let Some((flag, value)) = known.into_iter().find(|(flag, _)| flag == word) else {
            return Err(Mistake::flag(word, entry));
        };
        let is_wanted = |word: &&String| match value {
            "N" => word.parse::<u64>().is_ok(),
            _ => !word.starts_with('-'),
        };
        let word = match value {
            "" => "",
            _ => words
                .next()
                .filter(is_wanted)
                .ok_or_else(|| Mistake::value(flag, value))?,
        };
        given.insert(flag, word);
    }
    Ok(given)
}

/// One line for each command.
pub(crate) fn help() -> String {
    /// A longer usage has its own line.
    const WIDTH: usize = 21;

    let mut text = String::from("The project's own commands.\n\nusage: cargo xtask COMMAND\n\n");
    for entry in COMMANDS {
        let flags = entry.flags.iter().map(|flag| format!("[{flag}]"));
        let usage: Vec<String> = [entry.name.to_owned()].into_iter().chain(flags).collect();
        let mut usage = usage.join(" ");
        if usage.len() > WIDTH {
            writeln!(text, "  {usage}").expect("a string takes every write");
            usage.clear();
        }
        writeln!(text, "  {usage:<WIDTH$}  {}", entry.about).expect("a string takes every write");
    }
    text
}

/// A word that means nothing here, and what can be said instead.
#[derive(Debug)]
pub(crate) struct Mistake {
    problem: String,
    help: String,
}

impl Mistake {
    fn command(word: &str) -> Self {
        let known: Vec<&str> = COMMANDS.iter().map(|entry| entry.name).collect();
        Self {
            problem: format!("unknown command `{word}`"),
            help: suggestion(word, &known),
        }
    }

    fn flag(word: &str, entry: &Entry) -> Self {
        Self {
            problem: format!("`{}` does not take `{word}`", entry.name),
            help: match entry.flags {
                [] => format!("`cargo xtask {}` takes nothing", entry.name),
                flags => suggestion(word, flags),
            },
        }
    }

    fn value(flag: &str, value: &str) -> Self {
        if value == "N" {
            return Self {
                problem: format!("`{flag}` takes a number"),
                help: format!("for example `{flag} 60`"),
            };
        }
        Self {
            problem: format!("`{flag}` takes a name"),
            help: format!("write `{flag} {value}`"),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\nhelp: {}", self.problem, self.help)
    }
}

/// "did you mean" when a known word is close, and all the known words in any case.
fn suggestion(word: &str, known: &[&str]) -> String {
    /// Below it two words have too little in common for one to be a slip of the other.
    const CLOSE: f64 = 0.6;

    let list = known.join(", ");
    let likeness = |known: &str| strsim::normalized_damerau_levenshtein(word, known);
    let closest = known.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    match closest {
        Some(closest) if likeness(closest) >= CLOSE => {
            format!("did you mean `{closest}`? Expected one of: {list}")
        }
        _ => format!("expected one of: {list}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(String::from)).map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn every_command_of_the_help_is_understood() {
        for entry in COMMANDS {
            assert!(parse_line(entry.name).is_ok(), "{}", entry.name);
            assert!(help().contains(entry.about));
        }
        assert_eq!(parse_line("test"), Ok(Command::Test { install: false }));
        assert_eq!(parse_line("lint"), Ok(Command::Lint));
        assert_eq!(parse_line("examples"), Ok(Command::Examples));
        assert_eq!(parse_line("soak"), Ok(Command::Soak(Soak::default())));
        assert_eq!(parse_line("fuzz"), Ok(Command::Fuzz(Fuzz::default())));
        assert_eq!(parse_line("races"), Ok(Command::Races));
        assert_eq!(parse_line("bench"), Ok(Command::Bench(Bench::default())));
        assert_eq!(
            parse_line("compile-time"),
            Ok(Command::CompileTime(CompileTime::default()))
        );
    }

    #[test]
    fn a_flag_belongs_to_its_command() {
        assert_eq!(parse_line("ui"), Ok(Command::Ui { bless: false }));
        assert_eq!(parse_line("ui --bless"), Ok(Command::Ui { bless: true }));
        assert_eq!(
            parse_line("conformance --bless"),
            Ok(Command::Conformance { bless: true })
        );
        assert_eq!(parse_line("test --install"), Ok(Command::Test { install: true }));
        let mistake = parse_line("lint --bless").unwrap_err();
        assert_eq!(
            mistake,
            "error: `lint` does not take `--bless`\nhelp: `cargo xtask lint` takes nothing"
        );
    }

    #[test]
    fn a_flag_can_take_a_number() {
        let soak = Soak {
            seconds: Some(60),
            clients: None,
            seed: Some(7),
        };
        assert_eq!(parse_line("soak --seed 7 --seconds 60"), Ok(Command::Soak(soak)));
        for line in ["soak --seconds", "soak --seconds long", "soak --seconds --seed 1"] {
            assert_eq!(
                parse_line(line).unwrap_err(),
                "error: `--seconds` takes a number\nhelp: for example `--seconds 60`"
            );
        }
        assert_eq!(
            parse_line("soak --second 1").unwrap_err(),
            "error: `soak` does not take `--second`\n\
             help: did you mean `--seconds N`? Expected one of: --seconds N, --clients N, --seed N"
        );
    }

    #[test]
    fn a_flag_can_take_a_name() {
        let fuzz = Fuzz {
            seconds: Some(5),
            target: Some("rooms".to_owned()),
        };
        assert_eq!(parse_line("fuzz --target rooms --seconds 5"), Ok(Command::Fuzz(fuzz)));
        for line in ["fuzz --target", "fuzz --target --seconds 5"] {
            assert_eq!(
                parse_line(line).unwrap_err(),
                "error: `--target` takes a name\nhelp: write `--target NAME`"
            );
        }
    }

    #[test]
    fn flags_with_and_without_a_word_stand_side_by_side() {
        let bench = Bench {
            quick: true,
            only: Some("robyn_ws,floor".to_owned()),
            workers: Some(2),
        };
        assert_eq!(
            parse_line("bench --workers 2 --only robyn_ws,floor --quick"),
            Ok(Command::Bench(bench))
        );
        assert_eq!(
            parse_line("bench --only --quick").unwrap_err(),
            "error: `--only` takes a name\nhelp: write `--only NAMES`"
        );
    }

    #[test]
    fn no_words_and_a_help_flag_anywhere_ask_for_help() {
        for line in ["", "help", "--help", "-h", "ui --help"] {
            assert_eq!(parse_line(line), Ok(Command::Help), "{line:?}");
        }
    }

    #[test]
    fn a_slip_is_answered_with_the_closest_word() {
        assert_eq!(
            parse_line("tset").unwrap_err(),
            "error: unknown command `tset`\nhelp: did you mean `test`? Expected one of: test, lint, ui, examples, conformance, \
             soak, fuzz, races, bench, compile-time, help"
        );
        assert_eq!(
            parse_line("ui --bles").unwrap_err(),
            "error: `ui` does not take `--bles`\nhelp: did you mean `--bless`? Expected one of: --bless"
        );
    }

    #[test]
    fn a_word_like_no_other_is_answered_with_the_list_alone() {
        assert_eq!(
            parse_line("publish").unwrap_err(),
            "error: unknown command `publish`\nhelp: expected one of: test, lint, ui, examples, conformance, soak, fuzz, \
             races, bench, compile-time, help"
        );
    }
}
