//! Sending to one client by its id, and what happens when that client is not there.
//! Run it: `cargo run --example send_to`
//! Then type `python -m websockets ws://127.0.0.1:8080/send_to` in two terminals, and in one of them: THE-OTHER'S-ID hello
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::prelude::*;

/// Tells each client its id: a random UUID, so that nobody can guess another client's.
#[websocket("/send_to", on = "connect")]
fn connect(ws: &WebSocketConnector) -> String {
    format!("You are {}", ws.id())
}

/// Takes `ID TEXT` and sends the text to the client with that id.
#[websocket("/send_to", on = "message")]
async fn message(ws: WebSocketConnector, msg: &str) -> Result<&'static str, HandlerError> {
    let Some((id, text)) = msg.split_once(' ') else {
        // No id, so it is for the sender. `sync_send` never waits: it queues the message or fails, and `?` on a failure
        // closes this connection and logs why.
        ws.sync_send(format!("You told yourself {msg}"))?;
        return Ok("Write an id and a text to tell it to somebody else");
    };
    // Ids have a type of their own, so a text that is not an id is refused here. `HandlerError::reply` sends the error
    // to the client and keeps the connection open.
    let id: ConnectionId = id.parse().map_err(reply)?;
    // Waits while the other client's queue is full. If no such client is connected, that is an error.
    ws.async_send_to(id, format!("{} tells you {text}", ws.id()))
        .await
        .map_err(reply)?;
    Ok("Sent")
}

fn reply(error: impl std::error::Error) -> HandlerError {
    HandlerError::reply(error.to_string())
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    App::new().serve(address).await
}
