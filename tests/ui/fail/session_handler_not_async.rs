//! A sync function without `on`: the error is at `fn` and gives both ways out.

use robyn_ws::prelude::*;

#[websocket("/chat")]
fn chat(_socket: WebSocket) {}

fn main() {}
