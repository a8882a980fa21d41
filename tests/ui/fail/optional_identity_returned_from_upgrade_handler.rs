//! A client without an identity is refused, or the handler takes no decision: `Option` says neither.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat() -> Option<Identity> {
    None
}

fn main() {}
