//! No path: the error is at the attribute and says where it goes.

use robyn_ws::prelude::*;

#[websocket(on = "message")]
fn chat(_msg: String) {}

fn main() {}
