//! A program whose handlers hold it up, each in its own way.
//!
//! Arguments: `current`, `one` or `two` workers for the runtime; `serve` or `axum` for the server loop, or `hang` for a
//! program that hangs when it was served; the port; the grace in milliseconds, or `for ever`. A handler prints the path of
//! its endpoint when it begins.

#![expect(clippy::unused_async, reason = "handlers here have the shapes that users write")]

use std::{
    error::Error,
    future::pending,
    io::{self, Write as _},
    net::SocketAddr,
    thread,
    time::Duration,
};

use robyn_ws::{
    axum::{self, Router, routing::get},
    prelude::*,
};
use tokio::{net::TcpListener, runtime, sync::Semaphore};

/// What slow handlers wait for. `GET /release` opens it for good.
static GATE: Semaphore = Semaphore::const_new(0);

fn print(line: impl AsRef<str>) {
    // Nobody need be there to read it.
    let _ = writeln!(io::stdout(), "{}", line.as_ref());
}

fn block(path: &str) {
    print(path);
    loop {
        thread::park();
    }
}

async fn wait(path: &str) {
    print(path);
    let passed = GATE.acquire().await;
    drop(passed);
}

// ---- handlers that never return --------------------------------------------------------------------------------------

#[websocket("/stuck/message", on = "message")]
fn stuck_message(_msg: &str) {
    block("/stuck/message");
}

#[websocket("/stuck/async", on = "message")]
async fn stuck_async(_msg: &str) {
    block("/stuck/async");
}

#[websocket("/stuck/connect", on = "connect")]
fn stuck_connect() {
    block("/stuck/connect");
}

#[websocket("/stuck/close", on = "close")]
fn stuck_close() {
    block("/stuck/close");
}

#[websocket("/stuck/upgrade", on = "upgrade")]
fn stuck_upgrade() {
    block("/stuck/upgrade");
}

#[websocket("/pending/message", on = "message")]
async fn pending_message(_msg: &str) {
    print("/pending/message");
    pending::<()>().await;
}

#[websocket("/pending/session")]
async fn pending_session(_socket: WebSocket) {
    print("/pending/session");
    pending::<()>().await;
}

#[websocket("/pending/close", on = "close")]
async fn pending_close() {
    print("/pending/close");
    pending::<()>().await;
}

#[websocket("/pending/upgrade", on = "upgrade")]
async fn pending_upgrade() {
    print("/pending/upgrade");
    pending::<()>().await;
}

#[websocket("/blocking/message", on = "message", blocking)]
fn blocking_message(_msg: &str) {
    block("/blocking/message");
}

#[websocket("/blocking/upgrade", on = "upgrade", blocking)]
fn blocking_upgrade() {
    block("/blocking/upgrade");
}

// ---- handlers that wait ----------------------------------------------------------------------------------------------

#[websocket("/echo", on = "message")]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

#[websocket("/logged", on = "message")]
fn logged(ws: &WebSocketConnector, _msg: &str) -> &'static str {
    // A name that is too long is a warning in the log.
    ws.join("room ".repeat(1000));
    "done"
}

#[websocket("/failing", on = "message")]
fn failing(_msg: &str) -> Result<(), io::Error> {
    Err(io::Error::other("this is an error in the log"))
}

#[websocket("/slow/close", on = "close")]
async fn slow_close() -> &'static str {
    wait("/slow/close").await;
    "goodbye"
}

#[websocket("/slow/upgrade", on = "upgrade")]
async fn slow_upgrade() {
    wait("/slow/upgrade").await;
}

#[websocket("/slow/upgrade", on = "message")]
fn heard(_msg: &str) {}

async fn slow_page() -> &'static str {
    wait("/slow/page").await;
    "the page"
}

async fn stuck_page() {
    block("/stuck/page");
}

async fn release() {
    GATE.add_permits(1);
}

// ---- handlers with short limits --------------------------------------------------------------------------------------

static IMPATIENT: SubRouter = SubRouter::new("/impatient");

#[websocket("/echo", on = "message", router = IMPATIENT)]
fn echo_in_time(msg: String) -> String {
    msg
}

#[websocket("/push", router = IMPATIENT)]
async fn push(mut socket: WebSocket) -> Result<(), Disconnected> {
    loop {
        socket.send(vec![0; 64 * 1024]).await?;
    }
}

// ---- the program -----------------------------------------------------------------------------------------------------

fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt()
        .with_writer(io::stderr)
        // The address is printed where nobody wants it in the log.
        .with_max_level(tracing::Level::WARN)
        .with_ansi(false)
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [runtime, server, port, grace] = &*arguments else {
        return Err("expected four arguments: runtime, server, port, grace".into());
    };
    let address = SocketAddr::from(([127, 0, 0, 1], port.parse()?));
    let grace = match &**grace {
        "for ever" => Duration::from_hours(365 * 24),
        millis => Duration::from_millis(millis.parse()?),
    };
    let mut builder = match &**runtime {
        "current" => runtime::Builder::new_current_thread(),
        _ => runtime::Builder::new_multi_thread(),
    };
    let workers = if runtime == "two" { 2 } else { 1 };
    let runtime = builder.worker_threads(workers).enable_all().build()?;
    match &**server {
        "axum" => runtime.block_on(serve_with_axum(address, grace))?,
        "introduced" => runtime.block_on(
            app()
                .limits(Limits::default().shutdown_grace(grace))
                .trusted_proxies(["127.0.0.1"])
                .proxy_protocol()
                .serve(address),
        )?,
        _ => runtime.block_on(app().limits(Limits::default().shutdown_grace(grace)).serve(address))?,
    }
    if server == "hang" {
        block("hanging");
    }
    print("returned");
    Ok(())
}

fn app() -> App {
    let pages = Router::new()
        .route("/slow/page", get(slow_page))
        .route("/stuck/page", get(stuck_page))
        .route("/release", get(release));
    let impatience = Limits::default()
        .idle_timeout(Duration::from_secs(2))
        .send_timeout(Duration::from_secs(2));
    App::new()
        .http(pages)
        .health("/healthz", "/readyz")
        .include_router(IMPATIENT.limits(impatience))
}

async fn serve_with_axum(address: SocketAddr, grace: Duration) -> Result<(), Box<dyn Error>> {
    let BuiltApp { router, shutdown, .. } = app().build()?;
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let draining = async move {
        shutdown.on_signal(grace).await;
    };
    print(format!("listening on http://{address} (stop with Ctrl-C)"));
    axum::serve(listener, router).with_graceful_shutdown(draining).await?;
    Ok(())
}
