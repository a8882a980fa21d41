//! A runtime crate that does not exist: one error, at its path.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat", crate = nowhere::robyn_ws)]
impl Chat {
    fn connect(&mut self) {}
    fn message(&mut self) {}
}

fn main() {}
