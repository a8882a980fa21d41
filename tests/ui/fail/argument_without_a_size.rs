//! `str` as an argument: the compiler's own error, and no other one.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: str) {}

fn main() {}
