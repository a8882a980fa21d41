//! A handler with the name of an import: the compiler's own error, and none that follows from it.

use robyn_ws::prelude::*;

mod other {
    pub(crate) fn chat(_x: u8) {}
}

use other::chat;

#[websocket("/chat", on = "message")]
fn chat(msg: String) -> String {
    msg
}

fn main() {}
