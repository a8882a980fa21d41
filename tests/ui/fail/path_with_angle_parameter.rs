//! `<room>` is the syntax of Flask and Rocket: the error gives the whole path in axum's.

use robyn_ws::prelude::*;

#[websocket("/chat/<room>", on = "message")]
fn chat(_msg: String) {}

fn main() {}
