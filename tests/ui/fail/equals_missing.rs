//! `on "message"`: the error is at both words and shows the form.

use robyn_ws::prelude::*;

#[websocket("/chat", on "message")]
fn chat(_msg: String) {}

fn main() {}
