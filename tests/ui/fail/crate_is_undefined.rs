//! A crate that does not exist: one error, at its path.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", crate = robin)]
fn chat(_msg: String) {}

fn main() {}
