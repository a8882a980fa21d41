//! Which version of each peer there is: those in Rust are locked, the others are looked for.

use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};

use crate::peer::{PYTHON, Peer, Program, node, python, scripts};

/// The versions that this program was built with.
const LOCKED: &str = include_str!("../Cargo.lock");

/// The version of a peer, with its interpreter's; none for the floor.
///
/// # Errors
///
/// If it is not installed, with the reason and what to do.
pub(crate) fn version(peer: &Peer) -> Result<Option<String>> {
    match peer.program {
        Program::Ours(own) => Ok(own.and_then(locked).map(str::to_owned)),
        Program::Python { package, .. } => in_python(package).map(Some).with_context(|| {
            format!(
                "{} is left out; to measure it too, `python3 -m venv target/python && target/python/bin/pip install \
                 {package}` and set {PYTHON}=target/python/bin/python",
                peer.title
            )
        }),
        Program::Node { package, .. } => in_node(package).map(Some).with_context(|| {
            format!(
                "{} is left out; to measure it too, `npm install --prefix {} {package}`",
                peer.title,
                scripts().display()
            )
        }),
    }
}

fn locked(name: &str) -> Option<&'static str> {
    let (_, entry) = LOCKED.split_once(&format!("\nname = \"{name}\"\nversion = \""))?;
    entry.split('"').next()
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
    let Output { status, stdout, stderr } = command.output().context("there is no such interpreter")?;
    // Both interpreters say in a line with this word what is wrong.
    let complaint = String::from_utf8_lossy(&stderr);
    let complaint = complaint.lines().find(|line| line.contains("Error: "));
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
        assert_eq!(locked("axum-of-old"), None);
    }

    #[test]
    fn what_an_interpreter_says_is_a_version_or_a_reason() {
        let shell = |script: &str| said(Command::new("sh").args(["-c", script]));
        assert_eq!(shell("echo 1.2.3 on a shell").unwrap(), "1.2.3 on a shell");
        let reason = shell("echo first >&2; echo 'ImportError: none' >&2; echo last >&2; false").unwrap_err();
        assert_eq!(reason.to_string(), "ImportError: none");
        assert!(shell("false").is_err() && said(&mut Command::new("no-such-interpreter")).is_err());
    }
}
