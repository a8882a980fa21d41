//! An argument of a private type: one error, at the type.

use robyn_ws::prelude::*;

pub mod cave {
    type Text = String;
}

#[websocket("/chat", on = "message")]
fn chat(_msg: cave::Text) {}

fn main() {}
