//! One mistake in each of two handlers: both are reported in one run.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "conect")]
fn greet() {}

#[websocket("/chat", on = "message", blocking)]
async fn chat(_msg: String) {}

fn main() {}
