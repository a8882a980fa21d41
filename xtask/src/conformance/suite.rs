//! Kosoku, which runs Autobahn's cases: in a virtual environment of its own, so that nothing outside of the workspace
//! changes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use super::outcomes::Outcomes;
use crate::process;

/// Exactly this one: which cases there are, and how strict they are, changes between versions.
const VERSION: &str = "0.1.0";
const ENVIRONMENT: &str = "target/tools/kosoku";

const SYSTEM_PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };
const PYTHON: &str = if cfg!(windows) {
    "target/tools/kosoku/Scripts/python.exe"
} else {
    "target/tools/kosoku/bin/python"
};
const KOSOKU: &str = if cfg!(windows) {
    "target/tools/kosoku/Scripts/kosoku.exe"
} else {
    "target/tools/kosoku/bin/kosoku"
};

const PRINT_VERSION: &str = "from importlib.metadata import version; print(version('kosoku'))";

/// Python reads the report, so that this program needs no parser of JSON.
const PRINT_OUTCOMES: &str = r#"
import json, sys
with open(sys.argv[1]) as index:
    [cases] = json.load(index).values()
for case, outcome in cases.items():
    print(case, outcome["behavior"], outcome["behaviorClose"], sep="\t")
"#;

/// Installs the suite if it is not there yet.
pub(super) fn prepare() -> Result<()> {
    if is_installed() {
        return Ok(());
    }
    let mut venv = Command::new(SYSTEM_PYTHON);
    // What is left of an attempt that was interrupted is cleared.
    venv.args(["-m", "venv", "--clear", ENVIRONMENT]);
    let made = process::succeeds(&mut venv)
        .with_context(|| format!("the conformance cases need Python 3.10 or later: install `{SYSTEM_PYTHON}`"))?;
    ensure!(
        made,
        "no virtual environment could be made; on Debian and Ubuntu `apt install python3-venv` brings what is missing"
    );
    let mut install = Command::new(PYTHON);
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
    install.arg(format!("kosoku=={VERSION}"));
    let installed = process::succeeds(&mut install)?;
    ensure!(
        installed && is_installed(),
        "kosoku {VERSION} could not be installed: it needs PyPI, pip in the virtual environment, and Python 3.10 or later"
    );
    Ok(())
}

/// Runs the cases against `server`, and leaves the report in `folder`.
pub(super) fn run(server: SocketAddr, left_out: &[&str], folder: &str) -> Result<Outcomes> {
    // Of an earlier run, whose report must not be taken for that of this one.
    if Path::new(folder).exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {folder}"))?;
    }
    let mut kosoku = Command::new(KOSOKU);
    kosoku.arg(server.to_string());
    for cases in left_out {
        kosoku.args(["-x", cases]);
    }
    // It fails if a case does, which the report tells better.
    let passed = process::succeeds(kosoku.args(["-o", folder]))?;

    let index = format!("{folder}/index.json");
    ensure!(Path::new(&index).is_file(), "kosoku wrote no report");
    let mut print = Command::new(PYTHON);
    print.args(["-c", PRINT_OUTCOMES, &index]);
    let output = print.stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{index} is not what kosoku {VERSION} writes");
    let outcomes = Outcomes::from_lines(&String::from_utf8_lossy(&output.stdout))?;
    if !passed && outcomes.failures().is_empty() {
        bail!("kosoku failed, although no case in {index} did");
    }
    Ok(outcomes)
}

fn is_installed() -> bool {
    let answer = Command::new(PYTHON)
        .args(["-c", PRINT_VERSION])
        .stderr(Stdio::null())
        .output();
    answer.is_ok_and(|answer| answer.stdout.trim_ascii() == VERSION.as_bytes())
}
