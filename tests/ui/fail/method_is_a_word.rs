//! A method that is no string: the error is at the word and says how a method is written.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = say)]
fn say() {}

fn main() {}
