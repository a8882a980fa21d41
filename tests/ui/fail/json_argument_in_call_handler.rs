//! The message as JSON in a call handler: the error is at the type and says how parameters are taken.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "say")]
async fn say(_text: Json<String>) {}

fn main() {}
