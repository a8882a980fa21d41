//! The attribute on a union: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub union Chat {
    pub room: u32,
}

fn main() {}
