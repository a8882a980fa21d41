//! A signature that is being written: the compiler's own error, and no other one.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_ws: ) {}

fn main() {}
