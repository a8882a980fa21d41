//! `blocking` without `on`: the error is at `blocking`, as a session would hold a thread.

use robyn_ws::prelude::*;

#[websocket("/chat", blocking)]
async fn chat(_socket: WebSocket) {}

fn main() {}
