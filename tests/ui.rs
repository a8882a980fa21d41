//! Programs that compile and run, and programs with one mistake each, of which the compiler's words are compared with a
//! `.stderr` file beside them.
//!
//! `cargo xtask ui` runs only these. After an intended change of words, `cargo xtask ui --bless` writes the files anew:
//! read the difference before you commit it.

use std::{
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
};

use robyn_ws_tests::{cargo, compile_errors, runtime_crate, write_crate};

#[test]
fn programs_compile_or_say_why_not() {
    let cases = trybuild::TestCases::new();
    cases.pass("ui/pass/*.rs");
    cases.compile_fail("ui/fail/*.rs");
}

/// The compiler quotes the standard library only where the component `rust-src` is installed, as for rust-analyzer, so a
/// case that has it quoted would fail elsewhere. Such a case can bring a type of its own.
#[test]
fn no_expectation_depends_on_the_sources_of_the_standard_library() {
    let cases = fs::read_dir("ui/fail").expect("the cases can be listed");
    for case in cases {
        let path = case.expect("the cases can be listed").path();
        if path.extension().is_some_and(|extension| extension == "stderr") {
            let words = fs::read_to_string(&path).expect("a case can be read");
            assert!(!words.contains("--> $RUST/"), "{} quotes it", path.display());
        }
    }
}

/// Where the compiler works incrementally, as it does for users, it knows fewer errors as the same: a mistake that
/// generated code repeats in two functions is reported twice.
#[test]
fn incremental_compilation_repeats_no_error() {
    let cases = cases();
    let reported = reported_errors(&cases);
    let differing: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let expected = expected_errors(case);
            let reported = reported.get(case_name(case)).copied().unwrap_or_default();
            (reported != expected).then(|| format!("{}: {reported} errors, not {expected}", case.display()))
        })
        .collect();
    assert!(cases.len() > 100 && differing.is_empty(), "{}", differing.join("\n"));
}

fn cases() -> Vec<PathBuf> {
    let files = fs::read_dir("ui/fail").expect("the cases can be listed");
    let paths = files.map(|file| file.expect("the cases can be listed").path());
    let mut cases: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect();
    cases.sort();
    cases
}

fn case_name(case: &Path) -> &str {
    let name = case.file_stem().and_then(|name| name.to_str());
    name.expect("a case has a name in ASCII")
}

fn expected_errors(case: &Path) -> usize {
    let words = fs::read_to_string(case.with_extension("stderr")).expect("a case has its words");
    words.lines().filter(|line| line.starts_with("error")).count()
}

/// Compiles all cases incrementally. Returns the number of errors of each.
fn reported_errors(cases: &[PathBuf]) -> HashMap<String, usize> {
    let project = incremental_project(cases);
    let compiled = cargo()
        .args([
            "check",
            "--bins",
            "--keep-going",
            "--message-format=json",
            "--manifest-path",
        ])
        .arg(project.join("Cargo.toml"))
        .env("CARGO_INCREMENTAL", "1")
        .env("CARGO_TARGET_DIR", project.join("target"))
        .output()
        .expect("cargo can be run");
    // Shown if the test fails. Cargo has a line for each case that does not compile.
    println!("{}", String::from_utf8_lossy(&compiled.stderr));
    let mut errors = HashMap::new();
    for error in compile_errors(&compiled.stdout) {
        let case = error["target"]["name"].as_str().expect("a target has a name");
        *errors.entry(case.to_owned()).or_default() += 1;
    }
    errors
}

/// Creates a project with a program for each case, and the versions of dependencies of this one. Returns its folder.
fn incremental_project(cases: &[PathBuf]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("incremental");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut manifest = format!(
        "[package]\nname = \"incremental\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         robyn-ws = {{ path = \"{}\", features = [\"contract\", \"nats\", \"redis\"] }}\nserde = {{ version = \"1\", features = [\"derive\"] }}\n\
         tokio = {{ version = \"1\", features = [\"macros\", \"rt-multi-thread\"] }}\n",
        runtime_crate().display()
    );
    for case in cases {
        let bin = format!(
            "\n[[bin]]\nname = \"{}\"\npath = \"{}\"\n",
            case_name(case),
            tests.join(case).display()
        );
        manifest.push_str(&bin);
    }
    write_crate(&folder, &manifest, None);
    folder
}
