//! Spaces around the name of a parameter.

use robyn_ws::prelude::*;

#[websocket("/{ room }", on = "message")]
fn chat(_msg: &str) {}

fn main() {}
