//! A message where there is none: the error is at the type and says what a session handler can take.

use robyn_ws::prelude::*;

#[websocket("/chat")]
async fn chat(_msg: String) {}

fn main() {}
