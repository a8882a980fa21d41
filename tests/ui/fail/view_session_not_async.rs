//! A session that is not `async`: the error is at `fn`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn session(&mut self, _socket: WebSocket) {}
}

fn main() {}
