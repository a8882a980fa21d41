//! A word that is no event and like none: the error is at the word and lists the events.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "tick")]
fn chat(_msg: String) {}

fn main() {}
