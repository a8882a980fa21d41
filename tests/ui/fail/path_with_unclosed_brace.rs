//! A brace that is not closed: the error quotes the segment.

use robyn_ws::prelude::*;

#[websocket("/chat/{room", on = "message")]
fn chat(_msg: String) {}

fn main() {}
