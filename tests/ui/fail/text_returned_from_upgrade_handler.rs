//! A text from an upgrade handler: the error is at the return type and lists what it can return.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat() -> &'static str {
    "welcome"
}

fn main() {}
