//! A message handler whose `on` was forgotten: one error, at `fn`, without a complaint about the message.

use robyn_ws::prelude::*;

#[websocket("/chat")]
fn chat(msg: &str) -> String {
    msg.to_owned()
}

fn main() {}
