//! A method without its name: the error is at the key.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method)]
fn say() {}

fn main() {}
