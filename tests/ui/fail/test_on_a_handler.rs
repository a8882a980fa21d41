//! `#[test]` on a handler: the error is at that attribute.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
#[test]
fn chat(_msg: String) {}

fn main() {}
