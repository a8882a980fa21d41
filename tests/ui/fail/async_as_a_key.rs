//! `async` in the attribute: the error is at the word and says where it belongs.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", async)]
fn chat(_msg: String) {}

fn main() {}
