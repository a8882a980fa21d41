//! `Result<&'static [u8], _>`: the error is at the reference and says what to take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: Result<&'static [u8], Rejection>) {}

fn main() {}
