//! The path behind `on`: the error is at the path, as it comes first.

use robyn_ws::prelude::*;

#[websocket(on = "message", "/chat")]
fn chat(_msg: String) {}

fn main() {}
