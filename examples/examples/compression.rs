//! Echoes text as text and bytes as bytes, compressed for every client that offers it: the server of the protocol's conformance tests.
//! Run it: `cargo run --example compression`
//! Then type `python -m websockets ws://127.0.0.1:8080/`, and there anything; or leave it to `cargo xtask conformance`
//! Needs: robyn-ws (deflate), tokio (full), tracing-subscriber

use robyn_ws::{Compression, prelude::*};

/// The longest message that Autobahn's cases send. They send it as one frame and as many.
const LONGEST: usize = 16 * 1024 * 1024;

static SHARED: SubRouter = SubRouter::new("/shared");

/// A client here has a context of its own, so a message that is like those before it becomes very short.
#[websocket("/", on = "message")]
fn echo(message: Message) -> Message {
    message
}

/// Here each message is compressed on its own, which takes no memory for a client.
#[websocket("/", on = "message", router = SHARED)]
fn echo_shared(message: Message) -> Message {
    message
}

/// A secret is not compressed, as its length would tell something about it.
#[websocket("/secret", on = "message")]
fn secret(guess: &str) -> Message {
    Message::from(format!("the secret is 3141592653, and you said {guess}")).uncompressed()
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    tracing_subscriber::fmt::init();
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".into());
    let limits = Limits::default()
        .max_message_size(LONGEST)
        // Messages of this size are common here, so more is read at once.
        .read_buffer(64 * 1024);
    App::new()
        .limits(limits)
        .compression(Compression::dedicated(100))
        .include_router(SHARED.compression(Compression::shared().level(6)))
        .serve(address)
        .await
}
