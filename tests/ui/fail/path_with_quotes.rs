//! Quotes in a path: the error gives the encoded one.

use robyn_ws::prelude::*;

#[websocket("/say/\"hi\"", on = "message")]
fn chat(_msg: String) {}

fn main() {}
