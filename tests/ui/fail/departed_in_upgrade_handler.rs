//! There is no connection yet, and so no room that it has left.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat(departed: Departed) {}

fn main() {}
