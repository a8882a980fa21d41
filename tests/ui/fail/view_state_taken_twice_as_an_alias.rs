//! The state beside `&mut self` under another name: the error is at the argument.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

pub type Seat = Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, _other: &Seat) {}
}

fn main() {}
