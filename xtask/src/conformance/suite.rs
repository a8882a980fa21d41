//! Kosoku, which runs Autobahn's cases: in a virtual environment of its own, so that nothing outside of the workspace
//! changes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::outcomes::Outcomes;
use crate::install::python::Environment;
use crate::process;

/// Exactly this one: which cases there are, and how strict they are, changes between versions.
const VERSION: &str = "0.1.0";
const ENVIRONMENT: Environment = Environment("target/tools/kosoku");

/// The head of the function that looks at the messages of the cases of compression.
const ON_MESSAGE: &str = "def onMessage(self, msg, binary):\n";
/// Kosoku passes a message that was not compressed as a `str`, of which its own cases cannot take a hash.
const TO_BYTES: &str = "   if isinstance(msg, str):\n      msg = msg.encode('latin-1' if binary else 'utf-8')\n";

/// Installs the suite if it is not there yet.
pub(super) fn prepare() -> Result<()> {
    ENVIRONMENT.provide(&[("kosoku", VERSION)])?;
    mend()
}

/// Lets the cases of compression look at messages that the server does not compress, as it need not.
fn mend() -> Result<()> {
    let cases = cases_of_compression()?;
    let text = fs::read_to_string(&cases).with_context(|| format!("cannot read {}", cases.display()))?;
    if text.contains(TO_BYTES) {
        return Ok(());
    }
    let (before, after) = text
        .split_once(ON_MESSAGE)
        .context("kosoku has other cases of compression than were expected")?;
    fs::write(&cases, [before, ON_MESSAGE, TO_BYTES, after].concat())
        .with_context(|| format!("cannot write {}", cases.display()))
}

/// Returns the file of the cases of compression, wherever this version of Python has its packages.
fn cases_of_compression() -> Result<PathBuf> {
    const SCRIPT: &str = "import kosoku; print(kosoku.__path__[0])";
    let output = ENVIRONMENT.python().args(["-c", SCRIPT]).output();
    let output = output.context("cannot run the Python of kosoku")?;
    let folder = String::from_utf8(output.stdout).context("a path is text")?;
    Ok(Path::new(folder.trim()).join("cases/case12_x_x.py"))
}

/// Runs `cases` against `server`, and leaves the report in `folder`.
pub(super) fn run(server: &str, cases: &str, folder: &str) -> Result<Outcomes> {
    // Of an earlier run, whose report must not be taken for that of this one.
    if Path::new(folder).exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {folder}"))?;
    }
    let mut kosoku = Command::new(ENVIRONMENT.program("kosoku"));
    kosoku.args([server, "-i", cases]);
    // It fails if a case does, which the report tells better.
    let passed = process::succeeds(kosoku.args(["-o", folder]))?;

    let index = format!("{folder}/index.json");
    let report = fs::read_to_string(&index).context("kosoku wrote no report")?;
    let outcomes =
        Outcomes::from_report(&report).with_context(|| format!("{index} is not what kosoku {VERSION} writes"))?;
    if !passed && outcomes.failures().is_empty() {
        bail!("kosoku failed, although no case in {index} did");
    }
    Ok(outcomes)
}
