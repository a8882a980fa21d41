//! Closing a connection from the server, with a code and a reason, and learning how a connection ended.
//! Run it: `cargo run --example close`
//! Then type `python -m websockets ws://127.0.0.1:8080/close`, and there: hello, disconnect, ban, or fail
//! Needs: robyn-ws, tokio (full), tracing, tracing-subscriber

use robyn_ws::prelude::*;

#[websocket("/close", on = "message")]
fn message(ws: &WebSocketConnector, msg: &str) -> Result<&'static str, HandlerError> {
    match msg {
        "disconnect" => {
            // Code 1000, "normal". Later sends to this client fail, but earlier messages and this handler's reply still
            // arrive.
            ws.close();
            Ok("Closing connection")
        }
        "ban" => {
            // Codes from 4000 to 4999 have the meaning that your app gives them.
            ws.close_with(4003, "banned");
            Ok("Closing connection")
        }
        // The same as an error, for use with `?` deep in a call.
        "fail" => Err(HandlerError::close(4000, "you asked for it")),
        _ => Ok("Message received"),
    }
}

/// Runs exactly once for every connection, however it ended.
#[websocket("/close", on = "close")]
fn close(ws: &WebSocketConnector, reason: &CloseReason) -> Option<&'static str> {
    tracing::info!(id = %ws.id(), %reason, "gone");
    match reason {
        // We are closing in order, so the client gets this before the Close frame.
        CloseReason::Server { .. } => Some("Goodbye"),
        _ => None,
    }
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
