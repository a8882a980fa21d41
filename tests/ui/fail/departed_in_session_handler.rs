//! A session still owns its socket.

use robyn_ws::prelude::*;

#[websocket("/chat")]
async fn chat(_socket: WebSocket, _departed: Departed) {}

fn main() {}
