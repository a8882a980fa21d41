//! `on = 1`: the error is at the number and lists the events.

use robyn_ws::prelude::*;

#[websocket("/chat", on = 1)]
fn chat(_msg: String) {}

fn main() {}
