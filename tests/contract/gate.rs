//! The gate in a test of the user.

use std::{fs, panic::catch_unwind, path::PathBuf};

use robyn_ws::contract;

use crate::app::contract as current;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.json", std::process::id()))
}

fn failure(path: &PathBuf) -> String {
    let panic = catch_unwind(|| contract::check(&current(), path)).expect_err("the check fails");
    panic.downcast_ref::<String>().expect("a text").clone()
}

#[test]
fn check_passes_for_the_same_contract_and_fails_for_a_broken_one_with_each_reason() {
    let path = file("broken");
    fs::write(&path, current().to_json()).expect("it is written");
    contract::check(&current(), &path);
    let old = current()
        .to_json()
        .replace("\"/chat/counter\"", "\"/chat/gone\"")
        .replace("\"maxMessageSize\": 1000", "\"maxMessageSize\": 2000");
    fs::write(&path, old).expect("it is written");
    let failure = failure(&path);
    assert!(failure.contains("/chat/gone: the endpoint is gone"), "{failure}");
    assert!(failure.contains("/chat/bytes: limit of the message size"), "{failure}");
    assert!(failure.contains("ROBYN_WS_BLESS=1"), "{failure}");
    fs::remove_file(path).expect("it is there");
}

#[test]
fn check_says_how_to_write_a_file_that_is_missing_and_which_one_is_unreadable() {
    let path = file("missing");
    let missing = failure(&path);
    assert!(
        missing.contains("ROBYN_WS_BLESS=1") && missing.contains("missing-"),
        "{missing}"
    );
    fs::write(&path, "{").expect("it is written");
    let unreadable = failure(&path);
    assert!(unreadable.contains("not the JSON of a contract"), "{unreadable}");
    fs::remove_file(path).expect("it is there");
}
