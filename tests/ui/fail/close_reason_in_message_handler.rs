//! The close reason before the end: the error is at the type and lists what there is instead.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_reason: CloseReason) {}

fn main() {}
