//! `upgrade` with a receiver: the error is there, and says what to return.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn upgrade(&mut self) {}
}

fn main() {}
