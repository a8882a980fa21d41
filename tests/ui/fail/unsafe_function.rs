//! An unsafe function: the error is at `unsafe` and says where it goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
unsafe fn chat(_msg: String) {}

fn main() {}
