//! `session`, which is no key: the error is at the word and says to leave it away.

use robyn_ws::prelude::*;

#[websocket("/chat", session)]
async fn chat(_socket: WebSocket) {}

fn main() {}
