//! A closure: the compiler takes no attribute there, and our error says that it goes on a function.

use robyn_ws::prelude::*;

fn main() {
    #[websocket("/chat", on = "message")]
    let _chat = |_msg: String| {};
}
