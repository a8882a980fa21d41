//! `message` beside `session`: the error is at `message`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    async fn session(&mut self, _socket: WebSocket) {}
    fn message(&mut self) {}
}

fn main() {}
