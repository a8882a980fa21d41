//! From HTTP to the sockets: an ordinary axum handler that broadcasts through the `Hub`.
//! Run it: `cargo run --example http_to_ws`
//! Then type `python -m websockets ws://127.0.0.1:8080/news` and elsewhere `curl -d 'Joker escaped' http://127.0.0.1:8080/publish`
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::{
    axum::{
        Router,
        routing::{get, post},
    },
    prelude::*,
};

/// An endpoint without a message handler ignores the messages of its clients.
#[websocket("/news", on = "connect")]
fn connect() -> &'static str {
    "Waiting for news"
}

/// `Hub` is an extractor for handlers of axum. It finds an endpoint by the path of its handlers.
async fn publish(hub: Hub, news: String) -> String {
    let delivery = hub.endpoint("/news").async_broadcast(news).await;
    format!("sent to {}\n", delivery.queued)
}

async fn readers(hub: Hub) -> String {
    format!("{} connected\n", hub.endpoint("/news").count())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let routes = Router::new()
        .route("/publish", post(publish))
        .route("/readers", get(readers));
    App::new().http(routes).serve(address).await
}
