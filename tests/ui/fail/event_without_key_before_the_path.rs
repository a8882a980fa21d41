//! The event without its key, and before the path: one error.

use robyn_ws::prelude::*;

#[websocket(message, "/chat")]
fn chat(_msg: &str) {}

fn main() {}
