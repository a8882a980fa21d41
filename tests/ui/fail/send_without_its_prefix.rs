//! `send` on a connector, as in other frameworks.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
async fn chat(ws: WebSocketConnector, msg: String) -> Result<(), SendError> {
    ws.send(msg).await
}

fn main() {}
