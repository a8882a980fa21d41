//! `..` in a path, which clients resolve: the error gives the path that they send.

use robyn_ws::prelude::*;

#[websocket("/a/../chat", on = "message")]
fn chat(_msg: String) {}

fn main() {}
