//! From HTTP to the sockets: an ordinary axum handler that broadcasts through the `Hub`.
//! Run it: `cargo run --example http_to_ws`
//! Then type `python -m websockets ws://127.0.0.1:8080/news` and elsewhere `curl -d 'Joker escaped' http://127.0.0.1:8080/publish`

use robyn_ws::{
    axum::{
        Router,
        routing::{get, post},
    },
    prelude::*,
};

/// An endpoint that only listens needs no message handler: whatever a client sends is ignored.
#[websocket("/news", on = "connect")]
fn connect() -> &'static str {
    "Waiting for news"
}

/// `Hub` is an extractor like any other. An endpoint has the path that its handlers give it.
async fn publish(hub: Hub, news: String) -> String {
    let delivery = hub.endpoint("/news").async_broadcast(news).await;
    format!("sent to {}\n", delivery.queued)
}

async fn readers(hub: Hub) -> String {
    format!("{} connected\n", hub.endpoint("/news").count())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    let routes = Router::new()
        .route("/publish", post(publish))
        .route("/readers", get(readers));
    App::new().http(routes).serve(robyn_ws_examples::setup()?).await
}
