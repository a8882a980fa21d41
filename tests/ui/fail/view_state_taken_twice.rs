//! The state beside `&mut self`: the error is at the argument.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, _other: &Chat) {}
}

fn main() {}
