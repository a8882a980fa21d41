//! Two paths: the error is at the second and says how one function serves both.

use robyn_ws::prelude::*;

#[websocket("/chat", "/talk", on = "message")]
fn chat(_msg: String) {}

fn main() {}
