//! A message where there is none: the error is at the type and says what a connect handler can take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "connect")]
fn chat(_msg: String) {}

fn main() {}
