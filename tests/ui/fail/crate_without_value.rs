//! `crate` alone: the error is at the key and shows a value.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", crate)]
fn chat(_msg: String) {}

fn main() {}
