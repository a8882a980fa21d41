//! A comma with nothing before it: the error is at the comma.

use robyn_ws::prelude::*;

#[websocket("/chat", , on = "message")]
fn chat(_msg: String) {}

fn main() {}
