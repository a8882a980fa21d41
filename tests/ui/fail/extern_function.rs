//! A function for C: the error is at the ABI and says what to remove.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
extern "C" fn chat() {}

fn main() {}
