//! A text with a brace before the block: the function is in the block nevertheless.

use robyn_ws::prelude::*;

const CLOSE: &str = "}";

struct Chat;

impl Chat {
    #[websocket("/chat", on = "message")]
    fn chat(_msg: &str) -> &'static str {
        CLOSE
    }
}

fn main() {
    let _ = Chat;
}
