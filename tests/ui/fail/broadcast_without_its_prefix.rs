//! `broadcast` is awaited or not, by its prefix.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
async fn chat(ws: WebSocketConnector, msg: String) {
    ws.broadcast(msg).await;
}

fn main() {}
