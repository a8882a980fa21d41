//! `#[websocket]` with nothing at all: the error is that the path is missing.

use robyn_ws::prelude::*;

#[websocket]
async fn chat(_socket: WebSocket) {}

fn main() {}
