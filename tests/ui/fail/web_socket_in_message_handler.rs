//! The socket in a message handler: the error is at the type and lists what there is instead.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
async fn chat(_socket: WebSocket) {}

fn main() {}
