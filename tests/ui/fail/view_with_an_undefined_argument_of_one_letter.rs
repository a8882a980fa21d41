//! An argument of an undefined type of one letter: one error, there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, _msg: T) {}
}

fn main() {}
