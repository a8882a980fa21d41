//! An unknown key: the error is there and lists the known ones.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat", routre = LEAGUE)]
impl Chat {
    fn message(&mut self) {}
}

fn main() {}
