//! The attribute on an `extern` block: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
unsafe extern "C" {
    pub fn chat();
}

fn main() {}
