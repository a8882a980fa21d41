//! A mistake in a body: one error, there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, msg: &str) -> String {
        msg.lenn()
    }
}

fn main() {}
