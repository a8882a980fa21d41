//! A query in the path: the error quotes it and says how to read a query.

use robyn_ws::prelude::*;

#[websocket("/chat?room=1", on = "message")]
fn chat(_msg: String) {}

fn main() {}
