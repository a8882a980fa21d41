//! `&mut str`: the error is at the type, as messages are shared.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: &mut str) {}

fn main() {}
