//! Two parameters of one name: the error gives the name and the segment to change.

use robyn_ws::prelude::*;

#[websocket("/{user}/friends/{user}", on = "message")]
fn chat(_msg: String) {}

fn main() {}
