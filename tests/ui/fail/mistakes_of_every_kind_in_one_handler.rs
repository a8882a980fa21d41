//! The path, the type of an argument and the return type are wrong: all three are reported at once, each at its token.

use robyn_ws::prelude::*;

#[websocket("/chat/:room", on = "connect")]
fn chat(_msg: String) -> i32 {
    7
}

/// Calls the handler as its unit test would.
pub fn still_callable() -> i32 {
    chat("hi".to_owned())
}

fn main() {}
