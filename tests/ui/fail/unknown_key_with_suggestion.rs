//! A misspelt key: the error is at the key and says which was meant, and the value still counts.

use robyn_ws::prelude::*;

#[websocket("/chat", onn = "message")]
fn chat(_msg: String) {}

fn main() {}
