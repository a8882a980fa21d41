//! `Json<&'static str>`, which borrows from the message: the error is at the reference.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: Json<&'static str>) {}

fn main() {}
