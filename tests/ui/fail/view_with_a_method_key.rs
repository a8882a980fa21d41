//! The key of a function in the attribute of a view: a method says for itself that it is called.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat", method = "say")]
impl Chat {
    #[call]
    fn say(&self) {}
}

fn main() {}
