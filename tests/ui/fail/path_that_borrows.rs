//! `Path<&str>`: the error is at the type, as parameters are decoded and cannot be borrowed.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "connect")]
fn chat(_room: Path<&str>) {}

fn main() {}
