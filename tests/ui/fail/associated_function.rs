//! A function in an `impl` block: the error is at its name and says where it belongs.

use robyn_ws::prelude::*;

pub struct Chat;

impl Chat {
    #[websocket("/chat", on = "message")]
    pub fn chat(_msg: String) {}
}

fn main() {}
