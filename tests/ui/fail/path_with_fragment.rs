//! A fragment in the path: the error quotes it, as no client sends one.

use robyn_ws::prelude::*;

#[websocket("/chat#top", on = "message")]
fn chat(_msg: String) {}

fn main() {}
