//! The pages of examples, driven in Chromium by scripts, which are in the folder beside this file.

use std::{path::Path, process::Stdio, time::Duration};

use robyn_ws_tests::{browser, node_with};
use tokio::{process::Command, time::timeout};

use crate::support::{Answer, Example, program};

/// A browser takes its time to start on a loaded machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Has a script keep a promise of the page that the example serves.
async fn passes(example: &'static str, promise: &str) {
    let Some((node, browser)) = node_with("playwright-core").zip(browser()) else {
        return;
    };
    if node_with("axe-core").is_none() {
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("examples/pages/{example}.js"));
    let output = Command::from(node)
        .arg(script)
        .arg(program(example))
        .arg(browser)
        .arg(promise)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, output).await.expect("the script ends");
    let output = output.expect("Node can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{promise}: {}\n{said}", output.status);
}

#[tokio::test]
async fn web_socket_page_fits_both_ways_and_has_no_violation_of_axe() {
    passes("web_socket", "fits").await;
}

#[tokio::test]
async fn web_socket_page_shows_what_another_tab_says() {
    passes("web_socket", "two_tabs").await;
}

#[tokio::test]
async fn web_socket_page_keeps_focus_and_text_when_the_server_stops_and_connects_again() {
    passes("web_socket", "reconnects").await;
}

#[tokio::test]
async fn calls_page_fits_both_ways_and_has_no_violation_of_axe() {
    passes("calls", "fits").await;
}

#[tokio::test]
async fn calls_page_shows_results_errors_and_what_another_tab_says() {
    passes("calls", "calls").await;
}

#[tokio::test]
async fn calls_page_connects_again_when_the_server_stops() {
    passes("calls", "reconnects").await;
}

#[tokio::test]
async fn chat_page_fits_both_ways_and_has_no_violation_of_axe() {
    passes("chat", "fits").await;
}

#[tokio::test]
async fn chat_page_shows_every_name_in_a_color_that_can_be_read() {
    passes("chat", "names").await;
}

#[tokio::test]
async fn chat_page_shows_who_joins_speaks_and_leaves() {
    passes("chat", "two_people").await;
}

#[tokio::test]
async fn chat_page_shows_why_the_server_refused() {
    passes("chat", "bad_room").await;
}

#[tokio::test]
async fn chat_page_keeps_focus_and_text_when_the_server_stops_and_connects_again() {
    passes("chat", "reconnects").await;
}

#[tokio::test]
async fn chat_page_moves_nothing_for_people_who_prefer_that() {
    passes("chat", "motion").await;
}

#[tokio::test]
async fn who_is_here_page_fits_both_ways_and_has_no_violation_of_axe() {
    passes("who_is_here", "fits").await;
}

#[tokio::test]
async fn who_is_here_page_shows_people_and_their_tabs() {
    passes("who_is_here", "people_and_tabs").await;
}

#[tokio::test]
async fn who_is_here_page_shows_who_is_idle() {
    passes("who_is_here", "idle").await;
}

#[tokio::test]
async fn who_is_here_page_connects_again_when_the_server_was_stopped() {
    passes("who_is_here", "reconnects").await;
}

#[tokio::test]
async fn pages_load_nothing_and_take_no_text_for_html() {
    for name in ["web_socket", "chat", "who_is_here", "calls"] {
        let example = Example::start(name).await;
        let Answer { status, head, body } = example.get("/").await;
        assert_eq!(status, 200);
        assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
        for elsewhere in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!body.contains(elsewhere), "the page loads something: {elsewhere}");
        }
        for as_html in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"] {
            assert!(!body.contains(as_html), "the page takes text for HTML: {as_html}");
        }
        example.stop().await;
    }
}
