//! A server for production: health routes, a drain that spreads its clients, and bounds against a storm of reconnects.
//! Run it: `cargo run --example deploy`
//! Then ask `curl -i http://127.0.0.1:8080/readyz`, and read `examples/deploy`: a Dockerfile, a unit of systemd, a manifest
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use std::time::Duration;

use robyn_ws::{close_code, prelude::*};

#[websocket("/echo", on = "message")]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    msg
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let limits = Limits::default()
        .max_connections(20_000)
        .max_upgrades_per_second(500)
        // The supervisor waits for 10 s more before it kills the process.
        .shutdown_grace(Duration::from_secs(20))
        // The last clients have 5 s to finish.
        .drain_interval(Duration::from_secs(15));
    App::new()
        .limits(limits)
        .drain_code(close_code::RESTART)
        .health("/healthz", "/readyz")
        .serve(address)
        .await
}
