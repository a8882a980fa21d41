//! The attribute on a trait: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub trait Chat {
    fn chat(msg: String);
}

fn main() {}
