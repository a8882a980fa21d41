//! Two handlers with one name: the compiler's own error, and none that follows from it.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "connect")]
async fn chat(_ws: WebSocketConnector) {}

#[websocket("/chat", on = "message")]
fn chat(msg: String) -> String {
    msg
}

fn main() {}
