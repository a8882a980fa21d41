//! `#[view(blocking)]` on a session: the error is at `blocking`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[view(blocking)]
    async fn session(&mut self, _socket: WebSocket) {}
}

fn main() {}
