//! `async` without `fn`: the compiler's own error, once.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    async message(&mut self) {}
}

fn main() {}
