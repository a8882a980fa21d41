//! Packages of Python, in virtual environments, so that nothing outside of the workspace changes.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::process;

const SYSTEM_PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
const PROGRAMS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

const PRINT_VERSION: &str = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))";

/// A virtual environment in this folder.
pub(crate) struct Environment(pub(crate) &'static str);

impl Environment {
    /// Returns the path of a program in it, which need not exist.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        Path::new(self.0).join(PROGRAMS).join(name)
    }

    /// Returns a command that runs Python in it.
    pub(crate) fn python(&self) -> Command {
        Command::new(self.program("python"))
    }

    /// Installs the packages, each with its version, that are not there yet.
    pub(crate) fn provide(&self, packages: &[(&str, &str)]) -> Result<()> {
        let has = |(name, version): &(&str, &str)| self.has(name, version);
        if packages.iter().all(has) {
            return Ok(());
        }
        let mut venv = Command::new(SYSTEM_PYTHON);
        // What is left of an attempt that was interrupted is cleared.
        venv.args(["-m", "venv", "--clear", self.0]);
        let made = process::succeeds(&mut venv)
            .with_context(|| format!("Python 3.10 or later is needed: install `{SYSTEM_PYTHON}`"))?;
        ensure!(
            made,
            "no virtual environment could be made; on Debian and Ubuntu `apt install python3-venv` brings what is missing"
        );
        let requirements: Vec<String> = packages
            .iter()
            .map(|(name, version)| format!("{name}=={version}"))
            .collect();
        let mut install = self.python();
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        let installed = process::succeeds(install.args(&requirements))?;
        ensure!(
            installed && packages.iter().all(has),
            "{} could not be installed: it needs PyPI, pip in the virtual environment, and Python 3.10 or later",
            requirements.join(", ")
        );
        Ok(())
    }

    fn has(&self, name: &str, version: &str) -> bool {
        let answer = self
            .python()
            .args(["-c", PRINT_VERSION, name])
            .stderr(Stdio::null())
            .output();
        answer.is_ok_and(|answer| answer.stdout.trim_ascii() == version.as_bytes())
    }
}
