//! Metrics in Prometheus' text format, and every connection and handler as a span of the log.
//! Run it: `cargo run --example metrics`
//! Then type `python -m websockets ws://127.0.0.1:8080/echo`, elsewhere `curl http://127.0.0.1:8080/metrics`, and read the log
//! Needs: robyn-ws (metrics), metrics-exporter-prometheus, tokio (full), tracing, tracing-subscriber

use std::io;

use metrics_exporter_prometheus::PrometheusBuilder;
use robyn_ws::{
    axum::{Router, routing::get},
    prelude::*,
};

#[websocket("/echo", on = "message")]
fn echo(msg: Utf8Bytes) -> Utf8Bytes {
    // This line is in the spans `ws.connection{id, endpoint, peer}` and `ws.message{event, handler}`.
    tracing::info!(bytes = msg.len(), "echoed");
    msg
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    // The recorder comes before the app, which registers its metrics when it is built.
    let recorder = PrometheusBuilder::new().install_recorder();
    let recorder = recorder.map_err(|error| ServeError::Io(io::Error::other(error)))?;
    let routes = Router::new().route("/metrics", get(move || async move { recorder.render() }));
    App::new().http(routes).serve(address).await
}
