//! A connector before there is a connection: the error is at the type and says that there is none yet.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat(_ws: WebSocketConnector) {}

fn main() {}
