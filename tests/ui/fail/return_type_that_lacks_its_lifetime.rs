//! A return type that borrows from one of two arguments: one error, the compiler's own.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(msg: &str, _uri: &Uri) -> &str {
    msg
}

fn main() {}
