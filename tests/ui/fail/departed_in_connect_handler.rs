//! Nothing has been left before the end.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "connect")]
fn chat(_departed: Departed) {}

fn main() {}
