//! An empty path: the error says how to write the root.

use robyn_ws::prelude::*;

#[websocket("", on = "message")]
fn chat(_msg: String) {}

fn main() {}
