//! `&mut WebSocketConnector`: the error is at the type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_ws: &mut WebSocketConnector) {}

fn main() {}
