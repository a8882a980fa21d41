//! The event of a call in the attribute of a view: a method says for itself that it is called.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat", on = "call")]
impl Chat {
    #[call]
    fn say(&self) {}
}

fn main() {}
