//! A first server: it greets each client, answers, and passes on to the others what one of them says.
//! Run it: `cargo run --example web_socket`
//! Then open <http://127.0.0.1:8080> in two tabs, or type `python -m websockets ws://127.0.0.1:8080/web_socket`
//! Needs: robyn-ws, tokio (full), tracing-subscriber; and `page.html` beside it

use robyn_ws::prelude::*;

#[websocket("/web_socket", on = "connect")]
fn connect() -> &'static str {
    "Connected to ws"
}

#[websocket("/web_socket", on = "message")]
async fn message(ws: WebSocketConnector, msg: String) -> String {
    ws.others().async_broadcast(format!("somebody says {msg}")).await;
    format!("you said {msg}")
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().http(page()).serve(address).await
}

// ---- the page -----------------------------------------------------------------------------------------------------

use robyn_ws::axum::{Router, response::Html, routing::get};

fn page() -> Router {
    Router::new().route("/", get(Html(include_str!("page.html"))))
}
