//! Programs of others, each of exactly one version, which are built into the target folder if they are not here yet.

use std::process::{Command, Stdio};

use anyhow::Result;

use crate::process::{self, cargo};

/// Where a program is installed. Nothing outside of the workspace changes.
const TOOLS: &str = "target/tools";

/// A program that crates.io has under its own name.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// What a tool complains about changes between its versions.
    pub(crate) version: &'static str,
}

impl Tool {
    /// The name of a program of the right version, installed if need be.
    pub(crate) fn program(&self) -> Result<String> {
        let Self { name, version } = self;
        let installed = format!("{TOOLS}/bin/{name}");
        for candidate in [*name, &installed] {
            if self.is(candidate) {
                return Ok(candidate.to_owned());
            }
        }
        eprintln!("{name} {version} is not here yet: it is built once, which takes some minutes");
        // To optimize it takes longer than it ever runs.
        process::run(&mut cargo(&format!(
            "install {name} --locked --debug --version {version} --root {TOOLS}"
        )))?;
        Ok(installed)
    }

    fn is(&self, program: &str) -> bool {
        let answer = Command::new(program).arg("--version").stderr(Stdio::null()).output();
        let expected = format!("{} {}", self.name, self.version);
        answer.is_ok_and(|answer| answer.stdout.trim_ascii() == expected.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_program_or_version_or_none_is_not_the_tool() {
        let tool = Tool {
            name: "cargo-deny",
            version: "0.0.0",
        };
        assert!(!tool.is("cargo"));
        assert!(!tool.is("cargo-deny"));
        assert!(!tool.is("no-such-program"));
    }
}
