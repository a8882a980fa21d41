//! `Query<&str>`: what a client sends is decoded, so there is nothing to borrow from.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn admit(_query: Option<Query<&str>>) {}

fn main() {}
