//! A path that does not begin with `/`: the error gives it with one.

use robyn_ws::prelude::*;

#[websocket("chat", on = "message")]
fn chat(_msg: String) {}

fn main() {}
