//! `{room?}` does not exist in axum: the error says how to serve both paths.

use robyn_ws::prelude::*;

#[websocket("/chat/{room?}", on = "message")]
fn chat(_msg: String) {}

fn main() {}
