//! Where an operator's time goes: every connection and every handler is a span, printed with its time when it ends.
//! Run it: `cargo run --example spans`
//! Then type `python -m websockets ws://127.0.0.1:8080/orders?token=secret`, send `tea`, leave, and read the log

use std::time::Duration;

use robyn_ws::prelude::*;

#[websocket("/orders", on = "message")]
async fn order(msg: String) -> String {
    // Stands for a database. The span of this handler tells how long it was busy, and how long it waited.
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
    App::new().serve(robyn_ws_examples::setup_with_spans()?).await
}
