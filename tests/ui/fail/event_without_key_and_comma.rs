//! A bare event without a comma before it: one error, at the event.

use robyn_ws::prelude::*;

#[websocket("/chat" message)]
fn chat(_msg: String) {}

fn main() {}
