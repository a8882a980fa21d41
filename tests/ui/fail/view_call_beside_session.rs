//! A view with calls and a session, which takes all messages: the error is at the call.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    async fn session(_socket: WebSocket) {}

    #[call]
    fn say(&self) {}
}

fn main() {}
