//! The router does not exist: one error, there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat", router = LEAGUE)]
impl Chat {
    fn connect(&mut self) {}
    fn message(&mut self) {}
}

fn main() {}
