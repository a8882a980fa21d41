//! A parameter without a name: the error shows one with a name.

use robyn_ws::prelude::*;

#[websocket("/chat/{}", on = "message")]
fn chat(_msg: String) {}

fn main() {}
