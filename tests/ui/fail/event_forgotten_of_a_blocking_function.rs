//! A `blocking` function without an event: one error, which names what is missing.

use robyn_ws::prelude::*;

#[websocket("/chat", blocking)]
fn chat(_ws: &WebSocketConnector, _msg: &str) {}

fn main() {}
