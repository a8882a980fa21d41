//! Two sockets of one connection: the error is at the second one.

use robyn_ws::prelude::*;

#[websocket("/chat")]
async fn chat(_one: WebSocket, _msg: WebSocketConnector, _other: robyn_ws::WebSocket) {}

fn main() {}
