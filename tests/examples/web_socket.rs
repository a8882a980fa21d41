//! The example `web_socket`, which is the first program of the README.

use std::fs;

use crate::support::{Example, root, source};

#[tokio::test]
async fn web_socket_greets_answers_and_tells_the_others() {
    let example = Example::start("web_socket").await;
    let mut one = example.connect("/web_socket").await;
    let mut other = example.connect("/web_socket").await;
    for client in [&mut one, &mut other] {
        assert_eq!(client.text().await, "Connected to ws");
    }
    one.say("hi").await;
    assert_eq!(one.text().await, "you said hi");
    assert_eq!(other.text().await, "somebody says hi");
    for client in [one, other] {
        assert_eq!(client.leave().await, []);
    }
    example.stop().await;
}

/// The page is what the example has beyond the README, whose readers have no file for it.
#[test]
fn web_socket_is_the_first_program_of_the_readme() {
    let readme = fs::read_to_string(root().join("README.md")).expect("there is a README");
    let (_, rest) = readme.split_once("```rust").expect("the README has a program");
    let (_attributes, rest) = rest.split_once('\n').expect("a line of attributes");
    let (program, _) = rest.split_once("\n```").expect("the program has an end");

    let example = source("web_socket");
    let (example, _page) = example
        .split_once("// ---- the page")
        .expect("the page stands at the end");
    let example = example.replace(".http(page())", "");
    let example = example.lines().filter(|line| !line.starts_with("//!"));
    assert_eq!(without_spaces(program), without_spaces(&example.collect::<String>()));
}

fn without_spaces(program: &str) -> String {
    program.split_whitespace().collect()
}
