//! The message in `connect`: the error is at the argument.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn connect(&mut self, _msg: String) {}
}

fn main() {}
