//! The examples in the repository: their sources, and the programs made of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::OnceLock,
};

use robyn_ws_tests::cargo;
use serde_json::Value;

/// Returns the folder that the examples are in.
fn folder() -> PathBuf {
    root().join("examples/examples")
}

pub(crate) fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests are in a folder of the workspace")
}

/// Returns the names of all examples in the folder: a file is one, and so is a folder with a `main.rs`.
pub(crate) fn names() -> BTreeSet<String> {
    let entries = fs::read_dir(folder()).expect("the examples' folder can be listed");
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") || path.join("main.rs").is_file())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect()
}

/// Returns the names of the examples that serve until they are stopped.
pub(crate) fn servers() -> BTreeSet<String> {
    names()
        .into_iter()
        .filter(|name| source(name).contains(".serve("))
        .collect()
}

/// Returns the source of the example `name`.
pub(crate) fn source(name: &str) -> String {
    let paths = [folder().join(format!("{name}.rs")), folder().join(name).join("main.rs")];
    let path = paths.iter().find(|path| path.is_file());
    fs::read_to_string(path.expect("the example has a source")).expect("the source is UTF-8")
}

/// Returns the program of the example `name`. The first call has cargo build all of them, so that no test ever runs one of
/// yesterday; after `cargo test --workspace` that is done already and takes a moment.
pub(crate) fn program(name: &str) -> &'static Path {
    static PROGRAMS: OnceLock<Option<BTreeMap<String, PathBuf>>> = OnceLock::new();

    let programs = PROGRAMS.get_or_init(build).as_ref();
    let programs = programs.expect("the examples do not build: cargo has said why");
    programs
        .get(name)
        .unwrap_or_else(|| panic!("cargo built no example `{name}`, only {:?}", programs.keys()))
}

/// Builds with the command of `cargo xtask test`, and learns from cargo where it put the programs. `None` is a failure,
/// which no test needs to see twice.
fn build() -> Option<BTreeMap<String, PathBuf>> {
    let mut command = cargo();
    command
        .args(["build", "--workspace", "--all-features", "--examples"])
        .args(["--message-format", "json-render-diagnostics"])
        .current_dir(root())
        .stderr(Stdio::inherit());
    if !cfg!(debug_assertions) {
        command.arg("--release");
    }
    let output = command.output().expect("cargo can be run");
    let messages = String::from_utf8(output.stdout).expect("cargo writes UTF-8");
    let programs = messages.lines().filter_map(built_example).collect();
    output.status.success().then_some(programs)
}

/// Returns name and program if this message of cargo's is about an example that it has built.
fn built_example(message: &str) -> Option<(String, PathBuf)> {
    let message: Value = serde_json::from_str(message).ok()?;
    let target = &message["target"];
    let is_example = target["kind"][0] == "example";
    let name = target["name"].as_str().filter(|_| is_example)?;
    Some((name.to_owned(), message["executable"].as_str()?.into()))
}
