//! A mistake in the function's body: one error, at the user's own token.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(msg: String) -> String {
    msg.shout()
}

fn main() {}
