//! The `cargo` that builds the tests, as one would type it.

use std::{env, process::Command};

/// Returns a command of the `cargo` that runs the tests.
///
/// It does not see what cargo tells a test about its package: build scripts that look at these variables (that of `ring`
/// does) would run again for each of them, and all that depends on them would be compiled again.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_MANIFEST_") || name.starts_with("CARGO_PKG_") {
            command.env_remove(&*name);
        }
    }
    command
}
