//! `#[tokio::main]` above the attribute, which has made a runtime of the body: the error is at the name.

use robyn_ws::prelude::*;

#[tokio::main]
#[websocket("/chat", on = "connect")]
async fn chat() {}

fn main() {}
