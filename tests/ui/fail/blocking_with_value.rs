//! `blocking = true`: the error is at the value, as there is none.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", blocking = true)]
fn chat(_msg: String) {}

fn main() {}
