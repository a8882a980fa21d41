//! The attribute on a module: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub mod chat {
    pub fn chat(_msg: String) {}
}

fn main() {}
