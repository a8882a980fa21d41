//! The path under a key: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view(path = "/chat")]
impl Chat {
    fn message(&mut self) {}
}

fn main() {}
