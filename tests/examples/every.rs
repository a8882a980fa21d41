//! What holds for every example.

use std::{collections::BTreeSet, fs};

use tokio::net::TcpListener;

use crate::support::{Example, names, root, run_to_its_end, servers, source};

/// Where the examples listen unless they are told an address.
const DEFAULT_ADDRESS: &str = "127.0.0.1:8080";

#[test]
fn every_example_is_started_by_a_test() {
    let folder = fs::read_dir(root().join("tests/examples")).expect("the tests can be listed");
    let files = folder.map(|entry| entry.expect("an entry of the folder").path());
    let tests: String = files.filter_map(|path| fs::read_to_string(path).ok()).collect();
    let calls = ["Example::start(\"", "Example::start_with(\"", "run_to_its_end_with(\""];
    let starts = calls.iter().flat_map(|call| tests.split(call).skip(1));
    let started: BTreeSet<String> = starts
        .filter_map(|rest| Some(rest.split_once('"')?.0.to_owned()))
        .filter(|name| names().contains(name))
        .collect();
    assert_eq!(started, names());
}

#[test]
fn every_example_begins_with_what_it_shows_how_to_run_it_what_to_do_and_what_it_needs() {
    for name in names() {
        let source = source(&name);
        let lines: Vec<&str> = source.lines().map_while(|line| line.strip_prefix("//! ")).collect();
        let [shows, run, then, needs] = lines[..] else {
            panic!("`{name}` begins with {} lines of `//!`", lines.len());
        };
        assert!(shows.ends_with('.'), "`{name}`: {shows}");
        assert_eq!(run, format!("Run it: `cargo run --example {name}`"));
        let address = format!("://{DEFAULT_ADDRESS}");
        let does = then.starts_with("Then ") && (then.contains(&address) || !servers().contains(&name));
        assert!(does, "`{name}`: {then}");
        let needs = needs.strip_prefix("Needs: ").expect("a line of dependencies");
        assert_eq!(dependencies(needs), used(&source), "`{name}`");
    }
}

/// Reads `robyn-ws (metrics), tokio (full); and more`.
fn dependencies(needs: &str) -> BTreeSet<String> {
    let needs = needs.split(';').next().unwrap_or_default();
    // Features stand between parentheses.
    let names = needs.split(')').filter_map(|part| part.split('(').next());
    let names = names.flat_map(|part| part.split(", "));
    names
        .filter(|name| !name.is_empty())
        .map(|name| name.trim().to_owned())
        .collect()
}

/// Returns the dependencies of the examples' package that the program names.
fn used(source: &str) -> BTreeSet<String> {
    let manifest = fs::read_to_string(root().join("examples/Cargo.toml")).expect("the examples are a package");
    let (_, dependencies) = manifest.split_once("[dev-dependencies]\n").expect("dependencies");
    let dependencies = dependencies.lines().take_while(|line| !line.is_empty());
    let names = dependencies.filter_map(|line| line.split([' ', '.']).next());
    names.filter(|name| is_used(name, source)).map(str::to_owned).collect()
}

fn is_used(dependency: &str, source: &str) -> bool {
    let path = format!("{}::", dependency.replace('-', "_"));
    let mut paths = source.split(|end: char| !(end.is_alphanumeric() || "_:".contains(end)));
    // `axum` can also be part of `use robyn_ws::{axum::.., ..}`.
    let is_inside_a_use = dependency == "axum";
    source.contains(&format!("\nuse {path}")) || !is_inside_a_use && paths.any(|word| word.starts_with(&path))
}

#[tokio::test]
async fn every_server_says_that_its_port_is_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    for name in servers() {
        let error = complaint(&name, &[&address]).await;
        let expected = format!("Error: cannot listen on {address}: ");
        assert!(error.starts_with(&expected), "`{name}`: {error}");
    }
}

#[tokio::test]
async fn every_server_says_what_it_expects_instead_of_an_argument_that_is_not_an_address() {
    for name in servers() {
        for argument in ["--help", "--port=8080", "8080", "127.0.0.1:http"] {
            let error = complaint(&name, &[argument]).await;
            let (_, hint) = error.rsplit_once("; ").expect("a hint");
            assert_eq!(
                hint, "expected HOST:PORT, such as 127.0.0.1:8080",
                "`{name} {argument}`"
            );
        }
    }
}

#[tokio::test]
async fn example_listens_on_port_8080_of_this_machine_unless_it_is_told_an_address() {
    // Either this test has the port, or another program has.
    let _taken = TcpListener::bind(DEFAULT_ADDRESS).await;
    let error = complaint("state", &[]).await;
    assert!(error.contains(DEFAULT_ADDRESS), "{error}");
    let example = Example::start("state").await;
    assert!(example.address().ip().is_loopback());
    example.stop().await;
}

#[tokio::test]
async fn example_that_says_it_listens_ends_in_order_from_then_on() {
    for _ in 0..20 {
        Example::start("echo").await.stop().await;
    }
}

/// Runs an example that cannot listen, and returns the one line in which it says so.
async fn complaint(name: &str, arguments: &[&str]) -> String {
    let output = run_to_its_end(name, arguments).await;
    let error = String::from_utf8(output.stderr).expect("UTF-8");
    assert_eq!(output.status.code(), Some(1), "`{name}`: {error}");
    let mut lines = error.lines();
    let line = lines.next().expect("a line of error").to_owned();
    assert_eq!(lines.next(), None, "`{name}`: {error}");
    line
}
