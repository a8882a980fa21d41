//! A message where there is none: the error is at the type and says what an upgrade handler can take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat(_msg: String) {}

fn main() {}
