//! A method that starts a runtime of its own.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[tokio::main]
    async fn message(&mut self) {}
}

fn main() {}
