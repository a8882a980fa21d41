//! A view with calls and a method for all messages: the error is at the call.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&self, _msg: String) {}

    #[call]
    fn say(&self) {}
}

fn main() {}
