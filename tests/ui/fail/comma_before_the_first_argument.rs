//! A comma in place of the path: one error, at the comma.

use robyn_ws::prelude::*;

#[websocket(, on = "message")]
fn chat(_msg: &str) {}

fn main() {}
