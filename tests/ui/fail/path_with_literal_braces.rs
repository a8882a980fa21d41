//! Braces that are no parameter, which clients encode.

use robyn_ws::prelude::*;

#[websocket("/{{room}}", on = "message")]
fn chat(_msg: &str) {}

fn main() {}
