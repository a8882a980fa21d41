//! A semicolon behind the path: the error is at the semicolon, and the arguments behind it are read.

use robyn_ws::prelude::*;

#[websocket("/chat"; on = "message")]
fn chat(_msg: String) {}

fn main() {}
