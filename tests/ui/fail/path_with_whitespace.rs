//! Whitespace in a path: the error says how a URL writes it.

use robyn_ws::prelude::*;

#[websocket("/bat cave", on = "message")]
fn chat(_msg: String) {}

fn main() {}
