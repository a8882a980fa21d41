//! `Option` of a type that is no reply: the error is at the return type and names the type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat() -> Option<i32> {
    None
}

fn main() {}
