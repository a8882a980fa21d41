//! `self` outside of an `impl` block: the compiler's own error, and no other one.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(self, _msg: String) {}

fn main() {}
