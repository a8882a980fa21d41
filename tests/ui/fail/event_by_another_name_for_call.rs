//! A word for calls that is not the event: the error says which was meant.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "rpc", method = "say")]
fn say() {}

fn main() {}
