//! A path that no client sends as it is: the error gives the encoded one.

use robyn_ws::prelude::*;

#[websocket("/über", on = "message")]
fn chat(_msg: String) {}

fn main() {}
