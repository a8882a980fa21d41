//! `&mut WebSocket`: the error is at the type, as a session handler owns the socket.

use robyn_ws::prelude::*;

#[websocket("/chat")]
async fn chat(_socket: &mut WebSocket) {}

fn main() {}
