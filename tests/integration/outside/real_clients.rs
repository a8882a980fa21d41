//! Clients that people use: each echoes, hears broadcasts, and sees close codes, by a script of its own, which fails with
//! what it saw.

use std::{
    fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::Duration,
};

use robyn_ws::{
    axum::{Router, response::Html, routing::get},
    prelude::*,
};
use robyn_ws_tests::{Server, browser, node_with, python_with};
use tokio::{process, sync::mpsc, time::timeout};

/// A browser takes its time to start on a loaded machine, and so do interpreters.
const PATIENCE: Duration = Duration::from_mins(2);

/// What handlers saw. A script sends only a few messages.
type Notes = mpsc::Sender<String>;

static REAL: SubRouter = SubRouter::new("/real");

#[websocket("/", on = "connect", router = REAL)]
fn greet(ws: &WebSocketConnector) -> String {
    format!("hello {}", ws.query_params().get("name").unwrap_or("nobody"))
}

/// Echoes, except for `all TEXT`, which everybody gets, `close`, and `report TEXT`.
#[websocket("/", on = "message", router = REAL)]
fn answer(ws: &WebSocketConnector, message: Message, notes: Global<Notes>) -> Option<Message> {
    match message.as_text().and_then(|text| text.split_once(' ')) {
        Some(("all", text)) => {
            ws.sync_broadcast(text.to_owned());
        }
        Some(("close", reason)) => ws.close_with(4000, reason),
        Some(("report", outcome)) => notes.try_send(outcome.to_owned()).expect("there is room"),
        _ => return Some(message),
    }
    None
}

#[websocket("/", on = "close", router = REAL)]
fn note(reason: CloseReason, notes: Global<Notes>) {
    // Nobody listens any more when a browser is ended.
    let _heard = notes.try_send(format!("{reason:?}"));
}

async fn start() -> (Server, mpsc::Receiver<String>) {
    let (notes, seen) = mpsc::channel(16);
    let page = || async { Html(include_str!("real_clients/page.html")) };
    let app = App::new()
        .include_router(&REAL)
        .http(Router::new().route("/page", get(page)))
        .inject_global(notes);
    (Server::start(app).await, seen)
}

/// Runs a script, which is told where the server is, to its end.
async fn run(command: Command, script: &str, server: &Server) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("integration/outside/real_clients")
        .join(script);
    let mut command = process::Command::from(command);
    command
        .arg(script)
        .arg(format!("ws://{}/real", server.address()))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = timeout(PATIENCE, command.output()).await;
    ended.expect("the script ends").expect("the script can be run")
}

/// Every script makes the same connections: one that the server closes, and one that says why it goes.
async fn expect_closes(seen: &mut mpsc::Receiver<String>) {
    let mut reasons = [next(seen).await, next(seen).await];
    reasons.sort();
    let expected = [
        "Client { code: 4001, reason: \"bye\" }",
        "Server { code: 4000, reason: \"enough\" }",
    ];
    assert_eq!(reasons, expected);
}

async fn next(seen: &mut mpsc::Receiver<String>) -> String {
    let note = timeout(PATIENCE, seen.recv()).await;
    note.expect("something happens").expect("the app lives")
}

async fn passes(command: Option<Command>, script: &str) {
    let Some(command) = command else { return };
    let (server, mut seen) = start().await;
    let output = run(command, script, &server).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {}\n{said}", output.status);
    expect_closes(&mut seen).await;
}

#[tokio::test]
async fn ws_of_node_echoes_hears_broadcasts_and_sees_close_codes() {
    passes(node_with("ws"), "client.js").await;
}

#[tokio::test]
async fn websockets_of_python_echoes_hears_broadcasts_and_sees_close_codes() {
    passes(python_with("websockets"), "client_websockets.py").await;
}

#[tokio::test]
async fn aiohttp_of_python_echoes_hears_broadcasts_and_sees_close_codes() {
    passes(python_with("aiohttp"), "client_aiohttp.py").await;
}

#[tokio::test]
async fn chromium_echoes_hears_broadcasts_and_sees_close_codes() {
    let Some(browser) = browser() else { return };
    let (server, mut seen) = start().await;
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("chromium_{}", std::process::id()));
    let child = process::Command::new(browser)
        // A sandbox of its own does not work as root, nor in most containers.
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("http://{}/page", server.address()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child = child.expect("the browser can be run");
    expect_closes(&mut seen).await;
    let outcome = next(&mut seen).await;
    child.kill().await.expect("the browser can be ended");
    // Nothing depends on what it leaves behind.
    let _left = fs::remove_dir_all(profile);
    assert_eq!(outcome, "ok");
}
