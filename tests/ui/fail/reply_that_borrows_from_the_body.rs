//! A reply that borrows from a local variable: one error, in the body.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(msg: &str) -> &str {
    let loud = msg.to_uppercase();
    &loud
}

fn main() {}
