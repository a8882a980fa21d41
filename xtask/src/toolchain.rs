//! Compilers beside the pinned one, which rustup installs if they are missing.

use std::process::{Command, Stdio};

use anyhow::{Context as _, Result};

use crate::process;

/// A toolchain of rustup's, which is installed.
pub(crate) struct Toolchain(String);

impl Toolchain {
    /// Returns a toolchain that is there.
    pub(crate) fn installed(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// Installs a toolchain, for example `nightly`, unless it is there.
    pub(crate) fn provide(name: &str) -> Result<Self> {
        let toolchain = Self::installed(name);
        let mut version = toolchain.command("rustc");
        version.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        if !version.status().context("cannot start rustup")?.success() {
            let mut install = Command::new("rustup");
            process::run(install.args(["toolchain", "install", name, "--profile", "minimal"]))?;
        }
        Ok(toolchain)
    }

    /// Returns a command that runs a program with this toolchain.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("rustup");
        command.args(["run", &self.0, program]);
        // It names the pinned one.
        command.env_remove("CARGO");
        process::forget_own_package(&mut command);
        command
    }

    /// Returns a command of cargo's, as [`process::cargo`] does.
    pub(crate) fn cargo(&self, arguments: &str) -> Command {
        let mut command = self.command("cargo");
        command.args(arguments.split_whitespace());
        command
    }
}

/// Installs the standard library of another target for the pinned toolchain, unless it is there.
pub(crate) fn provide_target(target: &str) -> Result<()> {
    process::run(Command::new("rustup").args(["target", "add", target]))
}
