//! A value without a key: the error is at the value and lists the keys.

use robyn_ws::prelude::*;

#[websocket("/chat", 7, on = "message")]
fn chat(_msg: String) {}

fn main() {}
