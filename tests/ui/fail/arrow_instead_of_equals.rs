//! `on => "close"`: the error is at all of it and shows the form with the value.

use robyn_ws::prelude::*;

#[websocket("/chat", on => "close")]
fn chat(_reason: CloseReason) {}

fn main() {}
