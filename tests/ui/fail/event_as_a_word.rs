//! `message` without `on =`: the error is at the word and shows the key.

use robyn_ws::prelude::*;

#[websocket("/chat", message)]
fn chat(_msg: String) {}

fn main() {}
