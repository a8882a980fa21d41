//! A URL in place of a path: the error gives its path.

use robyn_ws::prelude::*;

#[websocket("ws://localhost:8080/chat", on = "message")]
fn chat(_msg: String) {}

fn main() {}
