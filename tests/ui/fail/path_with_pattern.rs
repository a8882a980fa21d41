//! A parameter with a pattern, as actix has it: the error gives the whole path.

use robyn_ws::prelude::*;

#[websocket(r"/chat/{room:[0-9]{4}}/{tail:.*}", on = "message")]
fn chat(_msg: String) {}

fn main() {}
