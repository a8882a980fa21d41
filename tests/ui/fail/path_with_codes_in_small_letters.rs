//! A percent code in small letters, which clients write in capitals.

use robyn_ws::prelude::*;

#[websocket("/%c3%bcber", on = "message")]
fn chat(_msg: &str) {}

fn main() {}
