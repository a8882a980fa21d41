//! `on =` and nothing behind it: the error is at both tokens and shows a value.

use robyn_ws::prelude::*;

#[websocket("/chat", on =)]
fn chat(_msg: String) {}

fn main() {}
