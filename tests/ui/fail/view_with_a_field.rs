//! A field in the block: the compiler's own error, once.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self) {}

    said: u32,
}

fn main() {}
