//! The router is a constant: one error, there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

const LEAGUE: SubRouter = SubRouter::new("/league");

#[websocket_view("/chat", router = LEAGUE)]
impl Chat {
    fn connect(&mut self) {}
    fn message(&mut self) {}
}

fn main() {}
