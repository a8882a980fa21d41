//! There is no connection yet, and so no room that it has left.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat(_departed: Departed) {}

fn main() {}
