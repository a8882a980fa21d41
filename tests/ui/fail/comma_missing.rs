//! No comma between two arguments: the error is at the second.

use robyn_ws::prelude::*;

#[websocket("/chat" on = "message")]
fn chat(_msg: String) {}

fn main() {}
