//! `&self` of a view that is not `Sync`: the error is at the receiver, and says to take `&mut self`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat(std::cell::Cell<u32>);

#[websocket_view("/chat")]
impl Chat {
    fn message(&self) {}
}

fn main() {}
