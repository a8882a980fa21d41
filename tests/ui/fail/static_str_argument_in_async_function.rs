//! `&'static str` in an `async fn`: the error is at the type and says what to take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
async fn chat(_msg: &'static str) {}

fn main() {}
