//! `blocking` on an `async fn`: the error is at `blocking` and gives both ways out.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", blocking)]
async fn chat(_msg: String) {}

fn main() {}
