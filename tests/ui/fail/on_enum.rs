//! The attribute on an enum: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub enum Chat {
    Room,
}

fn main() {}
