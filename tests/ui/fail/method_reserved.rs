//! A name that JSON-RPC reserves: the error is at the name and says which is free.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "rpc.say")]
fn say() {}

fn main() {}
