//! Echoes every message as the kind it came as, up to 16 MiB: what the conformance tests of the protocol talk to.
//! Run it: `cargo run --example echo`
//! Then type `python -m websockets ws://127.0.0.1:8080/`, and there anything; or leave it to `cargo xtask conformance`

use robyn_ws::prelude::*;

/// The longest message that Autobahn's cases send. They send it as one frame and as many.
const LONGEST: usize = 16 * 1024 * 1024;

/// A message shares its payload with what was received, so an echo copies nothing.
#[websocket("/", on = "message")]
fn echo(message: Message) -> Message {
    message
}

#[tokio::main]
async fn main() -> Result<(), ServeError> {
    let limits = Limits::default()
        .max_message_size(LONGEST)
        // The decoder asks for more at once, since messages of this size are not the exception here.
        .read_buffer(64 * 1024);
    App::new().limits(limits).serve(robyn_ws_examples::setup()?).await
}
