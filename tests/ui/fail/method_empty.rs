//! A method without a name: the error is at the empty string.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "")]
fn say() {}

fn main() {}
