//! One key twice: the error is at the second and quotes the first.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", on = "close")]
fn chat(_msg: String) {}

fn main() {}
