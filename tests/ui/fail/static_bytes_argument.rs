//! `&'static [u8]` of a message that does not live so long: the error is at the type and says what to take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: &'static [u8]) {}

fn main() {}
