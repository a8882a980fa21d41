//! A key that does not exist: the error is at the key and lists those that do.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", namespace = "league")]
fn chat(_msg: String) {}

fn main() {}
