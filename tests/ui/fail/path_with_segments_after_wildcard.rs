//! Something behind a wildcard: the error says that it takes all.

use robyn_ws::prelude::*;

#[websocket("/files/{*rest}/meta", on = "message")]
fn chat(_msg: String) {}

fn main() {}
