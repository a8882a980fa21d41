//! `#[tokio::main]` on a handler: the error is at that attribute.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
#[tokio::main]
async fn chat(_msg: String) {}

fn main() {}
