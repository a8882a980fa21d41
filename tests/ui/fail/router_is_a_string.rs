//! A prefix as router: the error is at the string and shows a name.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", router = "/league")]
fn chat(_msg: String) {}

fn main() {}
