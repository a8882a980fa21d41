//! The attribute on a struct: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub struct Chat {
    pub room: String,
}

fn main() {}
