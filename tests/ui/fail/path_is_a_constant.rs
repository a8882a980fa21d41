//! A constant as path: the error is at its name, as only a literal can be read at compile time.

use robyn_ws::prelude::*;

pub const CHAT: &str = "/chat";

#[websocket(CHAT, on = "message")]
fn chat(_msg: String) {}

fn main() {}
