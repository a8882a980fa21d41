//! Two methods of one handler: the second one is the error.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "say", method = "shout")]
fn say() {}

fn main() {}
