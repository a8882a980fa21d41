//! Programs from elsewhere: a test whose program is missing is skipped aloud, or fails where nothing may be skipped.

use std::{
    env, fs,
    path::PathBuf,
    process::{self, Command, Output},
};

use robyn_ws_tests::{node_with, program, python_with};

/// Set where the test below is to ask for programs that nobody has.
const ASK: &str = "ROBYN_WS_ASK_FOR_MISSING_PROGRAMS";

#[test]
fn asks_for_missing_programs() {
    if env::var_os(ASK).is_some() {
        assert_eq!(program("no-such-program"), None);
        assert!(node_with("no-such-package").is_none());
        assert!(python_with("no_such_package").is_none());
    }
}

/// Runs the test above as a program of its own, since the environment belongs to all tests of a program.
fn ask(variables: &[(&str, &str)]) -> Output {
    let own = env::current_exe().expect("this program has a path");
    Command::new(own)
        .args(["--exact", "outside::programs::asks_for_missing_programs"])
        .env_remove("ROBYN_WS_REQUIRE_PROGRAMS")
        .env_remove("ROBYN_WS_SKIPPED")
        .env(ASK, "1")
        .envs(variables.iter().copied())
        .output()
        .expect("this program can be run again")
}

#[test]
fn skipped_test_is_told_past_the_harness_and_to_the_list() {
    let list = format!("{}/skipped_{}.txt", env!("CARGO_TARGET_TMPDIR"), process::id());
    let list = PathBuf::from(list);
    let output = ask(&[("ROBYN_WS_SKIPPED", list.to_str().expect("the path is text"))]);
    assert!(output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr);
    let listed = fs::read_to_string(&list).expect("there is a list");
    fs::remove_file(&list).expect("the list can be removed");
    let first = "skipped: outside::programs::asks_for_missing_programs: no-such-program is not installed\n";
    assert!(listed.starts_with(first), "{listed}");
    assert_eq!(listed.lines().count(), 3, "{listed}");
    assert_eq!(told, listed);
}

#[test]
fn test_fails_where_nothing_may_be_skipped() {
    let output = ask(&[("ROBYN_WS_REQUIRE_PROGRAMS", "1")]);
    assert!(!output.status.success(), "{output:?}");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        told.contains("no-such-program is not installed, and ROBYN_WS_REQUIRE_PROGRAMS=1 allows no test to be skipped"),
        "{told}"
    );
}
