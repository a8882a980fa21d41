//! The attribute on an `impl` block: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

pub struct Chat;

#[websocket("/chat", on = "message")]
impl Chat {
    pub fn chat(_msg: String) {}
}

fn main() {}
