//! Nothing has been left before the end.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "connect")]
fn chat(departed: Departed) {}

fn main() {}
