//! `blocking` twice: the error is at the second.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", blocking, blocking)]
fn chat(_msg: String) {}

fn main() {}
