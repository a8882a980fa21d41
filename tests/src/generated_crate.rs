//! Crates that tests generate, and the errors that the compiler finds in them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

/// The folder of the tests' package.
const TESTS: &str = env!("CARGO_MANIFEST_DIR");

/// Returns the path of the runtime crate, for a manifest.
pub fn runtime_crate() -> PathBuf {
    Path::new(TESTS).join("../robyn-ws")
}

/// Writes a crate that is not part of this workspace, with the workspace's versions of dependencies. `code` is its
/// library, if it has one.
///
/// # Panics
///
/// If a file cannot be written.
pub fn write_crate(folder: &Path, manifest: &str, code: Option<&str>) {
    fs::create_dir_all(folder.join("src")).expect("the folder can be created");
    fs::copy(Path::new(TESTS).join("../Cargo.lock"), folder.join("Cargo.lock")).expect("the versions can be copied");
    fs::write(folder.join("Cargo.toml"), manifest).expect("the manifest can be written");
    if let Some(code) = code {
        fs::write(folder.join("src/lib.rs"), code).expect("the code can be written");
    }
}

/// Returns the errors among the messages of `cargo check --message-format=json`: those with a place. The compiler says in
/// one more error how many there were.
///
/// # Panics
///
/// If a line is not JSON.
pub fn compile_errors(messages: &[u8]) -> Vec<Value> {
    let messages = messages.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let messages = messages.map(|line| serde_json::from_slice::<Value>(line).expect("a line is JSON"));
    let errors = messages.filter(|message| {
        let said = &message["message"];
        said["level"] == "error" && said["spans"].as_array().is_some_and(|spans| !spans.is_empty())
    });
    errors.collect()
}
