//! An attribute whose method is to come: the compiler's own error, once.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self) {}

    #[view(blocking)]
}

fn main() {}
