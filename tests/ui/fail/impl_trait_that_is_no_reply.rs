//! `impl Trait` that does not promise a reply: the error is at the return type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat() -> impl std::fmt::Display {
    7
}

fn main() {}
