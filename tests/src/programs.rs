//! Programs from elsewhere that a test runs, and what is said where one is missing.

use std::{
    env,
    fs::{self, OpenOptions},
    io::{Write as _, stderr},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// Where `cargo xtask test --install` puts packages of Node and Python.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools");

/// Returns the path of an installed program, or `None` where the test has to be skipped, which is told.
///
/// # Panics
///
/// As [`skip`], if it is not installed.
pub fn program(name: &str) -> Option<PathBuf> {
    let found = find(name);
    if found.is_none() {
        skip(&format!("{name} is not installed"));
    }
    found
}

/// Returns the path of a browser that understands Chromium's flags, or `None` where the test has to be skipped, which is
/// told.
///
/// # Panics
///
/// As [`skip`], if none is installed.
pub fn browser() -> Option<PathBuf> {
    let found = ["chromium", "chromium-browser", "google-chrome"]
        .into_iter()
        .find_map(find);
    if found.is_none() {
        skip("no Chromium is installed");
    }
    found
}

/// Returns a command that runs Node with a package, or `None` where the test has to be skipped, which is told.
///
/// # Panics
///
/// As [`skip`], if either is not installed.
pub fn node_with(package: &str) -> Option<Command> {
    let node = program("node")?;
    let packages = Path::new(TOOLS).join("node/node_modules");
    if !packages.join(package).is_dir() {
        skip(&format!("Node's package {package} is not installed"));
        return None;
    }
    let mut command = Command::new(node);
    command.env("NODE_PATH", packages);
    Some(command)
}

/// Returns a command that runs a program of a package of Node, or `None` where the test has to be skipped, which is told.
///
/// # Panics
///
/// As [`skip`], if it is not installed.
pub fn node_program(package: &str, name: &str) -> Option<Command> {
    let mut node = node_with(package)?;
    // npm links to the script, for which Node looks from its own place.
    let program = Path::new(TOOLS).join("node/node_modules/.bin").join(name);
    node.arg(fs::canonicalize(program).ok()?);
    Some(node)
}

/// Returns a command that runs Python with a package, or `None` where the test has to be skipped, which is told.
///
/// # Panics
///
/// As [`skip`], if either is not installed.
pub fn python_with(package: &str) -> Option<Command> {
    let python = Path::new(TOOLS).join("python/bin/python");
    let import = Command::new(&python)
        .args(["-c", &format!("import {package}")])
        .stderr(Stdio::null())
        .status();
    if !import.is_ok_and(|status| status.success()) {
        skip(&format!("Python's package {package} is not installed"));
        return None;
    }
    Some(Command::new(python))
}

/// Returns a command that runs a program of a Python package, or `None` where the test has to be skipped, which is told.
///
/// # Panics
///
/// As [`skip`], if it is not installed.
pub fn python_program(name: &str) -> Option<Command> {
    let program = Path::new(TOOLS).join("python/bin").join(name);
    if !is_program(&program) {
        skip(&format!("Python's program {name} is not installed"));
        return None;
    }
    Some(Command::new(program))
}

/// Tells that the test is skipped, and why: past the harness, which keeps back what a test prints that passes, and to
/// `cargo xtask test`, which repeats it at its end.
///
/// # Panics
///
/// If the environment has `ROBYN_WS_REQUIRE_PROGRAMS=1`, with which no test may be skipped.
pub fn skip(why: &str) {
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let required = env::var_os("ROBYN_WS_REQUIRE_PROGRAMS").is_some_and(|required| required == "1");
    assert!(
        !required,
        "{test}: {why}, and ROBYN_WS_REQUIRE_PROGRAMS=1 allows no test to be skipped"
    );
    let line = format!("skipped: {test}: {why}\n");
    let _ = stderr().write_all(line.as_bytes()); // The file names the skipped tests as well.
    if let Some(list) = env::var_os("ROBYN_WS_SKIPPED") {
        let list = OpenOptions::new().create(true).append(true).open(list);
        // In one write, since test programs share the list.
        list.and_then(|mut list| list.write_all(line.as_bytes()))
            .expect("the list of what is skipped can be written");
    }
}

fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian puts servers where only root's `PATH` looks.
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    folders.map(|folder| folder.join(name)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata()
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}
