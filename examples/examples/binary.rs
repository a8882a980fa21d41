//! Binary messages: as bytes, told apart from text, and shared by all receivers of a broadcast.
//! Run it: `cargo run --example binary`
//! Then type `printf 'abc' | websocat --binary ws://127.0.0.1:8080/reverse`, or see text and bytes told apart at `/kind`
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::prelude::*;

/// A handler that takes bytes also receives text messages, as their bytes. Returned bytes are sent as a binary message.
#[websocket("/reverse", on = "message")]
fn reverse(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.reverse();
    bytes
}

/// `Message` tells text and bytes apart.
#[websocket("/kind", on = "message")]
fn kind(message: Message) -> String {
    match message {
        Message::Text(text) => format!("text of {} characters", text.chars().count()),
        Message::Binary(bytes) => format!("{} bytes", bytes.len()),
    }
}

/// `Bytes` shares its memory: the payload is not copied for each client.
#[websocket("/relay", on = "message")]
async fn relay(ws: WebSocketConnector, bytes: Bytes) {
    ws.others().async_broadcast(bytes).await;
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    // A client that announces a longer message is closed with code 1009 before the message is read.
    let limits = Limits::default().max_message_size(64 * 1024);
    App::new().limits(limits).serve(address).await
}
