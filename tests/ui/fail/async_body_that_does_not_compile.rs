//! A mistake in the body of an `async fn`: one error, at the user's own token, and none about its future.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
async fn chat(ws: WebSocketConnector) {
    ws.shout().await;
}

fn main() {}
