//! `event` is what others call it: the error is at the key and says `on`.

use robyn_ws::prelude::*;

#[websocket("/chat", event = "message")]
fn chat(_msg: String) {}

fn main() {}
