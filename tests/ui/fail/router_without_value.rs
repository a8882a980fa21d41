//! `router` alone: the error is at the key and shows a value.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", router)]
fn chat(_msg: String) {}

fn main() {}
