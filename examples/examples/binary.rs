//! Binary messages: as bytes, told apart from text, and shared by all receivers of a broadcast.
//! Run it: `cargo run --example binary`
//! Then type `printf 'abc' | websocat --binary ws://127.0.0.1:8080/reverse`, or see text and bytes told apart at `/kind`

use robyn_ws::prelude::*;

/// Whoever takes bytes also gets the bytes of a text message. What is returned as bytes is sent as a binary message.
#[websocket("/reverse", on = "message")]
fn reverse(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.reverse();
    bytes
}

/// Whoever cares which it was takes `Message`.
#[websocket("/kind", on = "message")]
fn kind(message: Message) -> String {
    match message {
        Message::Text(text) => format!("text of {} characters", text.chars().count()),
        Message::Binary(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// `Bytes` is a shared piece of memory: what came from one client goes to all without being copied for each.
#[websocket("/relay", on = "message")]
async fn relay(ws: WebSocketConnector, bytes: Bytes) {
    ws.others().async_broadcast(bytes).await;
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    // One bound for messages and memory: above it, the client is closed with code 1009 before anything is read.
    let limits = Limits::default().max_message_size(64 * 1024);
    App::new().limits(limits).serve(robyn_ws_examples::setup()?).await
}
