//! `concat!` as path: the error is at the call, as only a literal can be read.

use robyn_ws::prelude::*;

#[websocket(concat!("/chat", "/room"), on = "message")]
fn chat(_msg: String) {}

fn main() {}
