//! Clients that people use: each echoes, hears broadcasts, and sees close codes, by a script of its own, which fails with
//! what it saw.

use std::{
    collections::BTreeSet,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, LazyLock, Mutex, PoisonError},
    time::Duration,
};

use robyn_ws::{
    Compression,
    axum::{Router, response::Html, routing::get},
    prelude::*,
};
use robyn_ws_tests::{Certificate, Server, Transport, browser, node_with, python_with};
use tokio::{process, sync::mpsc, time::timeout};

/// A browser takes its time to start on a loaded machine, and so do interpreters.
const PATIENCE: Duration = Duration::from_mins(2);

/// What handlers saw. A script sends only a few messages.
type Notes = mpsc::Sender<String>;

static REAL: SubRouter = SubRouter::new("/real");

/// The TCP connections that sockets came over.
type Peers = Arc<Mutex<BTreeSet<SocketAddr>>>;

#[websocket("/", on = "connect", router = REAL)]
fn greet(ws: &WebSocketConnector, peers: Global<Peers>) -> String {
    let mut peers = peers.lock().unwrap_or_else(PoisonError::into_inner);
    peers.extend(ws.peer_addr());
    format!("hello {}", ws.query_params().get("name").unwrap_or("nobody"))
}

/// Tells the script whether messages are compressed: it looks at the answer to its offer.
#[derive(Clone, Copy)]
enum Kind {
    Plain,
    Shared,
    Dedicated,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Shared => "shared",
            Self::Dedicated => "dedicated",
        }
    }

    fn compression(self) -> Compression {
        match self {
            Self::Plain => Compression::off(),
            Self::Shared => Compression::shared(),
            Self::Dedicated => Compression::dedicated(10),
        }
    }
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

async fn start(transport: Transport, kind: Kind) -> (Server, mpsc::Receiver<String>, Peers) {
    // A hundred sockets end together with their browser.
    let (notes, seen) = mpsc::channel(256);
    let peers = Peers::default();
    let page = || async { Html(include_str!("real_clients/page.html")) };
    let app = App::new()
        .include_router(&REAL)
        .compression(kind.compression())
        .http(Router::new().route("/page", get(page)))
        .inject_global(peers.clone())
        .inject_global(notes);
    let server = match transport {
        Transport::Http1 => Server::start(app).await,
        encrypted => Server::start_encrypted(app, |router| router, encrypted).await,
    };
    (server, seen, peers)
}

/// Runs a script, which is told where the server is, to its end.
async fn run(command: Command, script: &str, server: &Server, kind: Kind) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("integration/outside/real_clients")
        .join(script);
    let mut command = process::Command::from(command);
    let scheme = if server.transport() == Transport::Http1 {
        "ws"
    } else {
        "wss"
    };
    let authority = authority();
    command
        .arg(script)
        .arg(format!("{scheme}://{}/real", server.address()))
        .arg(kind.name())
        // Node and Python trust the certificate of the tests.
        .env("NODE_EXTRA_CA_CERTS", &authority)
        .env("SSL_CERT_FILE", &authority)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let ended = timeout(PATIENCE, command.output()).await;
    ended.expect("the script ends").expect("the script can be run")
}

/// Returns a file with the certificate that the clients of the tests trust.
fn authority() -> PathBuf {
    static FILE: LazyLock<PathBuf> = LazyLock::new(|| {
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("authority_{}.pem", std::process::id()));
        fs::write(&file, &Certificate::common().certificate).expect("a file");
        file
    });
    FILE.clone()
}

fn connections(peers: &Peers) -> usize {
    peers.lock().unwrap_or_else(PoisonError::into_inner).len()
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

async fn passes(command: impl Fn() -> Option<Command>, script: &str) {
    passes_over(Transport::Http1, command, script).await;
}

async fn passes_over(transport: Transport, command: impl Fn() -> Option<Command>, script: &str) {
    for kind in [Kind::Plain, Kind::Shared, Kind::Dedicated] {
        let Some(command) = command() else { return };
        let (server, mut seen, _peers) = start(transport, kind).await;
        let output = run(command, script, &server, kind).await;
        let said = String::from_utf8_lossy(&output.stderr);
        let kind = kind.name();
        assert!(output.status.success(), "{script}, {kind}: {}\n{said}", output.status);
        expect_closes(&mut seen).await;
    }
}

#[tokio::test]
async fn ws_of_node_echoes_hears_broadcasts_and_sees_close_codes() {
    passes(|| node_with("ws"), "client.js").await;
}

#[tokio::test]
async fn websockets_of_python_echoes_hears_broadcasts_and_sees_close_codes() {
    passes(|| python_with("websockets"), "client_websockets.py").await;
}

#[tokio::test]
async fn aiohttp_of_python_echoes_hears_broadcasts_and_sees_close_codes() {
    passes(|| python_with("aiohttp"), "client_aiohttp.py").await;
}

#[tokio::test]
async fn ws_of_node_does_the_same_over_tls() {
    passes_over(Transport::Tls, || node_with("ws"), "client.js").await;
}

#[tokio::test]
async fn websockets_of_python_does_the_same_over_tls() {
    passes_over(Transport::Tls, || python_with("websockets"), "client_websockets.py").await;
}

#[tokio::test]
async fn aiohttp_of_python_does_the_same_over_tls() {
    passes_over(Transport::Tls, || python_with("aiohttp"), "client_aiohttp.py").await;
}

/// Its package `wsproto` is installed with it.
#[tokio::test]
async fn h2_of_python_does_the_same_with_100_sockets_in_one_connection() {
    let Some(command) = python_with("h2") else { return };
    let (server, mut seen, peers) = start(Transport::Http2, Kind::Plain).await;
    let output = run(command, "client_h2.py", &server, Kind::Plain).await;
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{said}", output.status);
    expect_closes(&mut seen).await;
    assert_eq!(connections(&peers), 1);
}

#[tokio::test]
async fn chromium_echoes_hears_broadcasts_and_sees_close_codes() {
    chromium_passes(Transport::Http1).await;
}

/// The page itself comes over HTTP/2, so the browser opens its sockets on that connection.
#[tokio::test]
async fn chromium_does_the_same_with_100_sockets_in_one_connection() {
    chromium_passes(Transport::Http2).await;
}

async fn chromium_passes(transport: Transport) {
    let Some(browser) = browser() else { return };
    for kind in [Kind::Plain, Kind::Shared, Kind::Dedicated] {
        chromium_passes_as(&browser, transport, kind).await;
    }
}

async fn chromium_passes_as(browser: &Path, transport: Transport, kind: Kind) {
    let (server, mut seen, peers) = start(transport, kind).await;
    let (scheme, sockets) = match transport {
        Transport::Http1 => ("http", 2),
        _ => ("https", 100),
    };
    let name = format!("chromium_{scheme}_{}_{}", kind.name(), std::process::id());
    let profile = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let child = process::Command::new(browser)
        // A sandbox of its own does not work as root, nor in most containers.
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--ignore-certificate-errors",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!(
            "{scheme}://{}/page?sockets={sockets}#{}",
            server.address(),
            kind.name()
        ))
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
    if transport == Transport::Http2 {
        assert_eq!(connections(&peers), 1);
    }
}
