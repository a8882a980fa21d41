//! A function without a body: one error, the compiler's own.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: String);

fn main() {}
