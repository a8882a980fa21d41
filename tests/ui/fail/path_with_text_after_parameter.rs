//! Text behind a parameter in its segment: the error says to take the whole segment.

use robyn_ws::prelude::*;

#[websocket("/files/{name}.json", on = "message")]
fn chat(_msg: String) {}

fn main() {}
