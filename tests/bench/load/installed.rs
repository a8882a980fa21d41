//! Which version of each peer there is: those in Rust are locked, the others are looked for, and compiled if need be.

use std::env;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use crate::peer::{PYTHON, Peer, Program, built, node, profiles, python, scripts};

/// The versions that this program was built with.
const LOCKED: &str = include_str!("../Cargo.lock");

/// The version of a peer, with its interpreter's; none for the floor.
///
/// # Errors
///
/// If it is not installed, with the reason and what to do.
pub(crate) fn version(peer: &Peer) -> Result<Option<String>> {
    match peer.program {
        Program::Ours(own) => own.map(locked).transpose(),
        Program::Tuned => {
            build_tuned()?;
            locked("robyn-ws").map(Some)
        }
        Program::C { package, source } => in_c(peer.name, package, source)
            .map(Some)
            .with_context(|| format!("{}; it takes a C compiler as well", install_in_python(peer, package))),
        Program::Python { package, .. } => in_python(package)
            .map(Some)
            .with_context(|| install_in_python(peer, package)),
        Program::Node { package, .. } => in_node(package).map(Some).with_context(|| {
            format!(
                "{} is left out; to measure it too, `npm install --prefix {} {package}`",
                peer.title,
                scripts().display()
            )
        }),
    }
}

/// The part of a lock file that is read here.
#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
}

fn locked(name: &str) -> Result<String> {
    let lock: Lock = toml::from_str(LOCKED)?;
    let package = lock.package.into_iter().find(|package| package.name == name);
    Ok(package.with_context(|| format!("{name} is not locked"))?.version)
}

/// Takes minutes.
fn build_tuned() -> Result<()> {
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build.args(["build", "--profile", "tuned", "--bin", "server"]);
    build.args(["--manifest-path", "tests/bench/Cargo.toml", "--target-dir"]);
    let status = build.arg(profiles()?).status()?;
    ensure!(status.success(), "the tuned server could not be built");
    Ok(())
}

fn install_in_python(peer: &Peer, package: &str) -> String {
    format!(
        "{} is left out; to measure it too, `python3 -m venv target/python && target/python/bin/pip install {package}` \
         and set {PYTHON}=target/python/bin/python",
        peer.title
    )
}

/// Compiles the program as well.
fn in_c(name: &str, package: &str, source: &str) -> Result<String> {
    // To import it is to load the library, with what that needs.
    let program = format!(
        "import importlib.metadata, {package}.native\n\
         print(importlib.metadata.version('{package}'), {package}.native.library_path)"
    );
    let found = said(python().args(["-c", &program]))?;
    let (version, library) = found.split_once(' ').context("there is no shared library")?;
    let (source, program) = (scripts().join(source), built("release", name)?);
    said(
        Command::new("cc")
            .args(["-O2", "-o"])
            .args([&program, &source])
            .arg(library),
    )?;
    Ok(format!("of {package} {version}"))
}

fn in_python(package: &str) -> Result<String> {
    let program = format!(
        "import platform, importlib.metadata, {package}\n\
         print(importlib.metadata.version('{package}'), 'on Python', platform.python_version())"
    );
    said(python().args(["-c", &program]))
}

fn in_node(package: &str) -> Result<String> {
    let program = format!("require('{package}/package.json').version + ' on node ' + process.versions.node");
    // It looks beside the program, which is none here, so in the current folder.
    said(node().args(["--print", &program]).current_dir(scripts()))
}

fn said(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("there is no `{program}`"))?;
    let Output { status, stdout, stderr } = output;
    // The interpreters and the compiler say in a line with this word what is wrong.
    let complaint = String::from_utf8_lossy(&stderr);
    let mut lines = complaint.lines();
    let complaint = lines.find(|line| line.contains("Error: ") || line.contains("error: "));
    ensure!(status.success(), "{}", complaint.unwrap_or("it fails without a word"));
    Ok(String::from_utf8_lossy(&stdout).trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::PEERS;

    #[test]
    fn the_versions_of_all_peers_in_rust_are_locked() {
        for peer in PEERS {
            if let Program::Ours(Some(_)) = peer.program {
                let version = version(peer).unwrap().unwrap();
                assert!(version.split('.').count() >= 3, "{}: {version}", peer.name);
            }
        }
        assert!(locked("axum-of-old").is_err());
    }

    #[test]
    fn what_an_interpreter_or_a_compiler_says_is_a_version_or_a_reason() {
        let shell = |script: &str| said(Command::new("sh").args(["-c", script]));
        assert_eq!(shell("echo 1.2.3 on a shell").unwrap(), "1.2.3 on a shell");
        let reason = shell("echo first >&2; echo 'ImportError: none' >&2; echo last >&2; false").unwrap_err();
        assert_eq!(reason.to_string(), "ImportError: none");
        let reason = shell("echo 'server.c:1:2: error: none' >&2; false").unwrap_err();
        assert_eq!(reason.to_string(), "server.c:1:2: error: none");
        assert!(shell("false").is_err());
        let reason = said(&mut Command::new("no-such-program")).unwrap_err();
        assert_eq!(reason.to_string(), "there is no `no-such-program`");
    }
}
