//! A function in a `trait` block: the error is at its name and says where it belongs.

use robyn_ws::prelude::*;

pub trait Chat {
    #[websocket("/chat", on = "message")]
    fn chat(_msg: String) {}
}

fn main() {}
