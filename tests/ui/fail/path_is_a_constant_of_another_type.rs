//! A constant as path that is no text: the error is at its name.

use robyn_ws::prelude::*;

pub const CHAT: u16 = 8080;

#[websocket(CHAT, on = "message")]
fn chat(_msg: String) {}

fn main() {}
