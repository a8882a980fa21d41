//! `Global` without its parameter: one error, at the type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_deps: Global) {}

fn main() {}
