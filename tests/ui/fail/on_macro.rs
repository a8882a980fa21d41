//! The attribute on a `macro_rules!`: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
#[macro_export]
macro_rules! chat {
    () => {};
}

fn main() {}
