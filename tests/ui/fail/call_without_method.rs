//! A call handler without the name that clients call: the error is at the event and writes the method out.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call")]
fn say() {}

fn main() {}
