//! `onn` alone: one error, at the key.

use robyn_ws::prelude::*;

#[websocket("/chat", onn)]
fn chat(_msg: String) {}

fn main() {}
