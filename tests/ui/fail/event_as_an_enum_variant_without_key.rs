//! `Event::Close` without `on =`: the error is at the path and shows the key.

use robyn_ws::prelude::*;

#[websocket("/chat", Event::Close)]
fn chat(_reason: CloseReason) {}

fn main() {}
