//! A lifetime that is not declared: one error, at the lifetime.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: &'m str) {}

fn main() {}
