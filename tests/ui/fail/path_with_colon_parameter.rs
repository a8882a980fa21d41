//! `:room` is the syntax of Robyn and of older axum: the error gives the whole path in today's.

use robyn_ws::prelude::*;

#[websocket("/chat/:room", on = "message")]
fn chat(_msg: String) {}

fn main() {}
