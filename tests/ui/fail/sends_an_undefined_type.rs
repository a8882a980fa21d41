//! A type that does not exist is an error at its name, once, with or without the feature `contract`.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message", sends(Said, "joined"(User)))]
fn say(_msg: &str) {}

fn main() {}
