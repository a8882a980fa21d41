//! A handler with the name of an earlier function: the compiler's own error, and none that follows from it.

use robyn_ws::prelude::*;

pub fn chat(x: u8) -> u8 {
    x
}

#[websocket("/chat", on = "message")]
fn chat(msg: String) -> String {
    msg
}

fn main() {}
