//! A name in `#[call]`: the name of a method is the name of the call.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[call(method = "say")]
    fn say(&self) {}
}

fn main() {}
