//! A sub-router that is made on the spot: the error is at the call and shows a name.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", router = SubRouter::new("/league"))]
fn chat(_msg: String) {}

fn main() {}
