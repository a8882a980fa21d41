//! An `upgrade` handler has no connection to send to.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade", sends(String))]
fn enter() {}

#[websocket("/chat", on = "message")]
fn say(_msg: &str) {}

fn main() {}
