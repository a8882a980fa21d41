//! `r#on` instead of `on`.

use robyn_ws::prelude::*;

#[websocket("/chat", r#on = "message")]
fn chat(_msg: &str) {}

fn main() {}
