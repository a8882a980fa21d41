//! The borrowed close reason before the end: the error is at the type and says where it belongs.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "say")]
fn say(_reason: &CloseReason) {}

fn main() {}
