//! Echoes text as text and bytes as bytes, up to 16 MiB.
//! Run it: `cargo run --example echo`
//! Then type `python -m websockets ws://127.0.0.1:8080/`, and there anything
//! Needs: robyn-ws, tokio (full), tracing-subscriber

use robyn_ws::prelude::*;

/// The longest message, in one frame or in many.
const LONGEST: usize = 16 * 1024 * 1024;

/// A message shares the received payload, so an echo copies nothing.
#[websocket("/", on = "message")]
fn echo(message: Message) -> Message {
    message
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let limits = Limits::default()
        .max_message_size(LONGEST)
        // Messages of this size are common here, so more is read at once.
        .read_buffer(64 * 1024);
    App::new().limits(limits).serve(address).await
}
