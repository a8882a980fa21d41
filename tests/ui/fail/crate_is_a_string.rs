//! The crate as a string, as serde takes it: the error is at the string and shows a path.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", crate = "robyn_ws")]
fn chat(_msg: String) {}

fn main() {}
