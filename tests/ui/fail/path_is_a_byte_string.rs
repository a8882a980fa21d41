//! A byte string as path: the error is at the literal.

use robyn_ws::prelude::*;

#[websocket(b"/chat", on = "message")]
fn chat(_msg: String) {}

fn main() {}
