//! A lifetime that is not declared: one error, there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, _msg: &'a str) {}
}

fn main() {}
