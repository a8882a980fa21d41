//! A return type that does not exist: one error, at the type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat() -> Batmobile {
    todo!()
}

fn main() {}
