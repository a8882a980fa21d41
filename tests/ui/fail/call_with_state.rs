//! A state for a call handler: only upgrade handlers have one.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "say", state = u32)]
fn say() {}

fn main() {}
