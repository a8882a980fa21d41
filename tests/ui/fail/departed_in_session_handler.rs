//! A session still owns its socket.

use robyn_ws::prelude::*;

#[websocket("/chat")]
async fn chat(socket: WebSocket, departed: Departed) {}

fn main() {}
