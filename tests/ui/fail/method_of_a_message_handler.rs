//! A method of a handler for messages, which are not called: the error is at the method.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", method = "say")]
fn say(_msg: String) {}

fn main() {}
