//! `path = "/chat"`: the error is at the key, as the path has none.

use robyn_ws::prelude::*;

#[websocket(path = "/chat", on = "message")]
fn chat(_msg: String) {}

fn main() {}
