//! `#[cfg]` on an argument: the error is at the attribute and says where it goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: String, #[cfg(unix)] _ws: WebSocketConnector) {}

fn main() {}
