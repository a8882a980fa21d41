//! `on_mesage` without `on =`: the error is at the word and shows the event that is meant.

use robyn_ws::prelude::*;

#[websocket("/chat", on_mesage)]
fn chat(_msg: String) {}

fn main() {}
