//! `on = Event::Connect`: the error is at the path and shows the string.

use robyn_ws::prelude::*;

#[websocket("/chat", on = Event::Connect)]
fn chat() {}

fn main() {}
