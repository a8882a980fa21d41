//! Parameters in a message handler, which is not called: the error is at the type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_params: Params<String>) {}

fn main() {}
