//! Spans in the log: every connection and every handler is one, printed with its duration when it ends.
//! Run it: `cargo run --example spans`
//! Then type `python -m websockets "ws://127.0.0.1:8080/orders?token=secret"`, send `tea`, leave, and read the log
//! Needs: robyn-ws, tokio (full), tracing, tracing-subscriber

use std::time::Duration;

use robyn_ws::prelude::*;
use tracing_subscriber::fmt::format::FmtSpan;

#[websocket("/orders", on = "message")]
async fn order(msg: String) -> String {
    // Stands for a database. The span of this handler shows how long it was busy, and how long it waited.
    tokio::time::sleep(Duration::from_millis(20)).await;
    tracing::info!(what = msg, "ordered");
    format!("one {msg}")
}

#[websocket("/orders", on = "close")]
fn gone(reason: &CloseReason) {
    tracing::info!(%reason, "gone");
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt().with_span_events(FmtSpan::CLOSE).init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
