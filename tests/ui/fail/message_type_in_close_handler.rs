//! A message where there is none: the error is at the type and says what a close handler can take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "close")]
fn chat(_msg: String) {}

fn main() {}
