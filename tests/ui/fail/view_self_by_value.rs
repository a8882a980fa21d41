//! `self` by value: the error is there, and says how it is borrowed.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(self, _msg: &str) {}
}

fn main() {}
