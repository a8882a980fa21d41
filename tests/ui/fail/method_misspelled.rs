//! A misspelt key: the error is at the key and says which was meant, and the method is not missing as well.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", metod = "say")]
fn say() {}

fn main() {}
