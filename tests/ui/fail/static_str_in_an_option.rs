//! `Option<&'static str>`: the error is at the reference and says what to take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: Option<&'static str>) {}

fn main() {}
