//! `on = message` without quotes: the error is at the word and shows it with them.

use robyn_ws::prelude::*;

#[websocket("/chat", on = message)]
fn chat(_msg: String) {}

fn main() {}
