//! The identity as an argument: the error is at the type and says where it is.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_identity: Identity) {}

fn main() {}
