//! A wildcard without a name: the error shows one with a name.

use robyn_ws::prelude::*;

#[websocket("/files/{*}", on = "message")]
fn chat(_msg: String) {}

fn main() {}
