//! A sub-router that does not exist: one error, at its name.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", router = LEAGUE)]
fn chat(_msg: String) {}

fn main() {}
