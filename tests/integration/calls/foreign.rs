//! Clients that nobody here wrote: each calls, is notified and is called, by a script of its own, which fails with what it
//! saw.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use jsonrpsee_core::{
    client::{BatchResponse, ClientT as _, Error, Subscription, SubscriptionClientT as _},
    params::{BatchRequestBuilder, ObjectParams},
    rpc_params,
};
use jsonrpsee_ws_client::{WsClient, WsClientBuilder};
use robyn_ws::{
    axum::{Router, response::Html, routing::get},
    prelude::*,
};
use robyn_ws_tests::{Server, browser, node_with, python_with};
use serde::Deserialize;
use serde_json::Value;
use tokio::{process, sync::mpsc, time::timeout};

/// A browser takes its time to start on a loaded machine, and so do interpreters.
const PATIENCE: Duration = Duration::from_mins(2);

/// What the page reports.
type Notes = mpsc::Sender<String>;

static FOREIGN: SubRouter = SubRouter::new("/foreign_calls");

#[derive(Deserialize)]
struct Subtraction {
    minuend: i64,
    subtrahend: i64,
}

#[websocket("/", on = "call", method = "subtract", router = FOREIGN)]
fn subtract(Params(numbers): Params<Subtraction>) -> i64 {
    numbers.minuend - numbers.subtrahend
}

#[websocket("/", on = "call", method = "echo", router = FOREIGN)]
fn echo(Params(value): Params<Value>) -> Json<Value> {
    Json(value)
}

#[websocket("/", on = "call", method = "nothing", router = FOREIGN)]
fn nothing() {}

#[websocket("/", on = "call", method = "fail", router = FOREIGN)]
fn fail() -> Result<(), &'static str> {
    Err("a failure of the test")
}

#[websocket("/", on = "call", method = "refuse", router = FOREIGN)]
fn refuse(Params(data): Params<Value>) -> Result<(), CallError> {
    Err(CallError::new(402, "pay first").data(&data))
}

#[websocket("/", on = "call", method = "tell", router = FOREIGN)]
fn tell(ws: &WebSocketConnector, Params(text): Params<String>) -> Result<(), CallError> {
    ws.everyone().notify("said", &text)?;
    Ok(())
}

#[websocket("/", on = "call", method = "ask", router = FOREIGN)]
async fn ask(ws: WebSocketConnector, Params((method, number)): Params<(String, i64)>) -> String {
    match ws.call::<i64>(&method, &number).await {
        Ok(answer) => format!("Ok({answer})"),
        Err(CallError::Remote { code, message, .. }) => format!("Err({code} {message})"),
        Err(error) => format!("Err({error})"),
    }
}

#[websocket("/", on = "call", method = "report", router = FOREIGN)]
fn report(Params(outcome): Params<String>, notes: Global<Notes>) {
    notes.try_send(outcome).expect("one page reports once");
}

async fn start() -> (Server, mpsc::Receiver<String>) {
    let (notes, seen) = mpsc::channel(1);
    let page = || async { Html(include_str!("foreign/page.html")) };
    let app = App::new()
        .include_router(&FOREIGN)
        .http(Router::new().route("/page", get(page)))
        .inject_global(notes);
    (Server::start(app).await, seen)
}

/// Runs a script, which is told where the server is, to its end.
async fn passes(command: Option<Command>, script: &str) {
    let Some(command) = command else { return };
    let (server, _seen) = start().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("integration/calls/foreign")
        .join(script);
    let output = process::Command::from(command)
        .arg(&script)
        .arg(format!("ws://{}/foreign_calls", server.address()))
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, output).await.expect("the script ends");
    let output = output.expect("the script can be run");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{}: {}\n{said}",
        script.display(),
        output.status
    );
}

#[tokio::test]
async fn jsonrpsee_calls_and_is_notified() {
    let (server, _seen) = start().await;
    let url = format!("ws://{}/foreign_calls", server.address());
    let client: WsClient = WsClientBuilder::default().build(&url).await.expect("a connection");
    let mut said: Subscription<Vec<String>> = client.subscribe_to_method("said").await.expect("no other one");

    let by_position: i64 = client.request("subtract", rpc_params![42, 23]).await.expect("a result");
    let mut named = ObjectParams::new();
    named.insert("subtrahend", 23).expect("a name");
    named.insert("minuend", 42).expect("a name");
    let by_name: i64 = client.request("subtract", named).await.expect("a result");
    assert_eq!((by_position, by_name), (19, 19));
    let echo: Value = client
        .request("echo", rpc_params!["ünïcödé 🦇", [1], None::<u8>])
        .await
        .expect("a result");
    assert_eq!(echo, serde_json::json!(["ünïcödé 🦇", [1], null]));
    client.request::<(), _>("nothing", rpc_params![]).await.expect("null");

    for (method, code, words) in [
        ("foobar", -32601, "Method not found"),
        ("subtract", -32602, "Invalid params: invalid length 1"),
        ("fail", -32603, "Internal error"),
        ("refuse", 402, "pay first"),
    ] {
        match client.request::<Value, _>(method, rpc_params![5]).await {
            Err(Error::Call(error)) => {
                assert_eq!(i64::from(error.code()), code, "{method}");
                assert!(error.message().starts_with(words), "{method}: {}", error.message());
            }
            other => panic!("{method}: an error was expected: {other:?}"),
        }
    }

    let mut batch = BatchRequestBuilder::new();
    for number in 0..50 {
        batch.insert("subtract", rpc_params![number, 1]).expect("JSON");
    }
    let answers: BatchResponse<'_, i64> = client.batch_request(batch).await.expect("a batch of answers");
    let numbers: Vec<i64> = answers.into_ok().expect("results").collect();
    assert_eq!(numbers, (-1..49).collect::<Vec<_>>());

    client
        .notification("tell", rpc_params!["all"])
        .await
        .expect("it is sent");
    let told = timeout(PATIENCE, said.next())
        .await
        .expect("it comes")
        .expect("the connection lives");
    assert_eq!(told.expect("text"), ["all"]);
}

#[tokio::test]
async fn json_rpc_2_0_of_node_calls_and_is_called() {
    if node_with("ws").is_none() {
        return;
    }
    passes(node_with("json-rpc-2.0"), "client.js").await;
}

#[tokio::test]
async fn jsonrpcclient_of_python_calls_and_is_called() {
    if python_with("websockets").is_none() {
        return;
    }
    passes(python_with("jsonrpcclient"), "client.py").await;
}

#[tokio::test]
async fn chromium_calls_and_is_called() {
    let Some(browser) = browser() else { return };
    let (server, mut seen) = start().await;
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("calls_of_chromium_{}", std::process::id()));
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
    let mut child = child.expect("the browser can be started");
    let outcome = timeout(PATIENCE, seen.recv()).await.expect("the page reports");
    child.kill().await.expect("the browser can be ended");
    let _ = std::fs::remove_dir_all(profile); // It may still be written to.
    assert_eq!(outcome.as_deref(), Some("passed"));
}
