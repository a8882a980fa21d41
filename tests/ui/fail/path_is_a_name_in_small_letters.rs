//! A name that is written like a variable or a function as path: the error is at the name.

use robyn_ws::prelude::*;

#[websocket(chat, on = "message")]
fn chat(_msg: String) {}

fn main() {}
