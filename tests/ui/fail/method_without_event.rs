//! A method without an event: the error is at the method and says which event is missing.

use robyn_ws::prelude::*;

#[websocket("/chat", method = "say")]
fn say(Params(_text): Params<String>) {}

fn main() {}
