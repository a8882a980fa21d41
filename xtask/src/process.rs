//! Running other programs, each shown before it starts.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The `cargo` that started this program, so that every step uses one toolchain.
///
/// The arguments are separated by spaces; one that holds a space is added with [`Command::arg`].
pub(crate) fn cargo(arguments: &str) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments.split_whitespace());
    forget_own_package(&mut command);
    command
}

/// Hides what `cargo run` told this program about its package. Build scripts that look at it (that of `ring` does) would
/// run again after each command that was typed, and all that depends on them would be compiled again.
pub(crate) fn forget_own_package(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_") {
            command.env_remove(&*name);
        }
    }
}

/// Runs a command to its end; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    if !succeeds(command)? {
        bail!("`{}` failed", shown(command));
    }
    Ok(())
}

/// Runs a command to its end and tells whether it succeeded.
pub(crate) fn succeeds(command: &mut Command) -> Result<bool> {
    announce(command);
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    Ok(status.success())
}

/// As [`succeeds`], but each line of the standard output goes to `take` instead of the terminal.
pub(crate) fn succeeds_with_lines(command: &mut Command, mut take: impl FnMut(&str)) -> Result<bool> {
    announce(command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{}`", shown(command)))?;
    let output = child.stdout.take().expect("the output was piped above");
    for line in BufReader::new(output).split(b'\n') {
        take(&String::from_utf8_lossy(&line?));
    }
    Ok(child.wait()?.success())
}

/// On standard error, where cargo reports as well, so that the two keep their order.
fn announce(command: &Command) {
    eprintln!("$ {}", shown(command));
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    // One that is taken away is one that nobody sets who types.
    let variables = command.get_envs().filter_map(|(name, value)| {
        let value = value?.to_string_lossy();
        Some(format!("{}={}", name.to_string_lossy(), quoted(&value)))
    });
    // The name without its folder: which `cargo` it is says nothing that matters.
    let program = Path::new(command.get_program()).file_name();
    let program = program.unwrap_or_default().to_string_lossy().into_owned();
    let arguments = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    let words: Vec<String> = variables.chain([program]).chain(arguments).collect();
    words.join(" ")
}

fn quoted(word: &str) -> String {
    if word.contains(' ') {
        format!("\"{word}\"")
    } else {
        word.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/some/where/cargo");
        command.args(["doc", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings");
        command.env_remove("CARGO");
        assert_eq!(shown(&command), "RUSTDOCFLAGS=\"-D warnings\" cargo doc --no-deps");
    }

    #[test]
    fn success_failure_and_absence_are_told_apart() {
        assert!(run(cargo("--version").stdout(Stdio::null())).is_ok());
        let failed = run(cargo("no-such-command").stderr(Stdio::null())).unwrap_err();
        assert_eq!(failed.to_string(), "`cargo no-such-command` failed");
        let absent = run(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(absent.to_string(), "cannot start `no-such-program`");
    }

    #[test]
    fn the_output_of_a_command_can_be_taken_line_by_line() {
        let mut lines = Vec::new();
        let succeeded = succeeds_with_lines(&mut cargo("--version"), |line| lines.push(line.to_owned()));
        assert!(succeeded.unwrap());
        assert_eq!(lines.len(), 1);
        assert!(lines[0].starts_with("cargo "), "{lines:?}");
    }
}
