//! `#[websocket = "/chat"]`: the compiler refuses it, and the macro adds nothing.

use robyn_ws::prelude::*;

#[websocket = "/chat"]
fn chat(_msg: String) {}

fn main() {}
