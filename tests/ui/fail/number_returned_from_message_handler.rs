//! A number as reply: the error is at the return type, lists the replies, and says how to send a number.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat() -> i32 {
    7
}

fn main() {}
