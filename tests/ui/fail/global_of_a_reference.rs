//! `Global<&T>`: the error is at the reference and says to take the value.

use robyn_ws::prelude::*;

pub struct Config;

#[websocket("/chat", on = "connect")]
fn chat(_config: Global<&Config>) {}

fn main() {}
