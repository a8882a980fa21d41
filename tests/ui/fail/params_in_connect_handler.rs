//! The parameters of a call in a connect handler: the error is at the type and says that only a call handler takes them.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "connect")]
async fn chat(_params: Params<(String, u8)>) {}

fn main() {}
