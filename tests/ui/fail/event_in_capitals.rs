//! `Message` with a capital: the error is at the word and gives it in lower case.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "Message")]
fn chat(_msg: String) {}

fn main() {}
