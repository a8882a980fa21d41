//! `#[view(blocking)]` on an async method: the error is at `blocking`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[view(blocking)]
    async fn message(&mut self, _msg: &str) {}
}

fn main() {}
