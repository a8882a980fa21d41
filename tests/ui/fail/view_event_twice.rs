//! Two methods for one event: the compiler says so.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, _msg: &str) {}
    fn message(&mut self, _msg: String) {}
}

fn main() {}
