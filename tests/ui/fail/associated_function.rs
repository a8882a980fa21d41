//! A function in an `impl` block, which looks like any other to the macro: the errors are the compiler's own.

use robyn_ws::prelude::*;

pub struct Chat;

impl Chat {
    #[websocket("/chat", on = "message")]
    pub fn chat(_msg: String) {}
}

fn main() {}
