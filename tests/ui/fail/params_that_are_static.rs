//! Parameters that are borrowed for ever: the error is at the reference and says how to keep them.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "say")]
fn say(_text: Params<&'static str>) {}

fn main() {}
