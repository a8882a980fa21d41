//! The gate: a test that fails when a change breaks clients.

use std::{
    env, fs,
    io::{self, ErrorKind, Write as _},
    path::Path,
};

use crate::contract::{Contract, ContractError};

/// The variable of the environment that asks for the file to be written anew.
const BLESS: &str = "ROBYN_WS_BLESS";

/// Fails a test if the contract breaks clients of the one in the file. It says each change, and whom it breaks.
///
/// With `ROBYN_WS_BLESS=1` in the environment, it writes the file instead. The file belongs into the repository, so that its
/// changes are read in a review. Changes that break nobody are printed, and do not fail.
///
/// ```no_run
/// use robyn_ws::{contract, prelude::*};
///
/// #[test]
/// fn clients_of_before_still_work() {
///     contract::check(&App::new().contract(), "contract.json");
/// }
/// ```
///
/// # Panics
///
/// If the contract breaks clients, if there is no such file, or if it is not one of a contract. A relative path begins at the
/// folder of the package, which is where Cargo runs tests.
#[track_caller]
pub fn check(contract: &Contract, path: impl AsRef<Path>) {
    let path = path.as_ref();
    let shown = path.display();
    if env::var_os(BLESS).is_some_and(|value| !value.is_empty() && value != "0") {
        let written = fs::write(path, contract.to_json());
        return written.unwrap_or_else(|error| panic!("cannot write {shown}: {error}"));
    }
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("there is no contract at {shown}: run this test with `{BLESS}=1` to write it")
        }
        Err(error) => panic!("cannot read {shown}: {error}"),
    };
    let old: Contract = text
        .parse()
        .unwrap_or_else(|error: ContractError| panic!("{shown}: {error}"));
    let broken = contract.breaks(&old);
    if !broken.is_empty() {
        let lines: Vec<_> = broken.iter().map(|change| format!("  {change}")).collect();
        panic!(
            "the contract breaks clients of {shown}:\n{}\nIf that is meant, run this test with `{BLESS}=1` to write it anew.",
            lines.join("\n")
        );
    }
    if old != *contract {
        // Not by a macro, whose output a test that passes keeps back.
        let line = format!(
            "the contract differs from {shown} and breaks nobody: run this test with `{BLESS}=1` to write it anew\n"
        );
        let _ = io::stderr().write_all(line.as_bytes()); // Nobody may listen.
    }
}
