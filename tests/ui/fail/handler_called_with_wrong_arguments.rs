//! A call of a handler with a wrong argument: the error is the compiler's own, at the call.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(msg: String) -> String {
    msg
}

fn main() {
    chat(7);
}
