//! Programs from elsewhere that a test runs.

use std::{
    env,
    path::{Path, PathBuf},
    thread,
};

/// Returns the path of an installed program, or `None` where the test has to be skipped, which is printed.
///
/// # Panics
///
/// If it is not installed, and the environment has `ROBYN_WS_REQUIRE_PROGRAMS=1`.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    // Debian puts servers where only root's `PATH` looks.
    let folders = env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
    let found = folders.map(|folder| folder.join(name)).find(|file| is_program(file));
    if found.is_none() {
        let test = thread::current().name().unwrap_or("a test").to_owned();
        let required = env::var_os("ROBYN_WS_REQUIRE_PROGRAMS").is_some_and(|required| required == "1");
        assert!(
            !required,
            "{test}: {name} is not installed, and ROBYN_WS_REQUIRE_PROGRAMS=1 allows no test to be skipped"
        );
        eprintln!("skipped: {test}: {name} is not installed");
    }
    found
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
