//! No path: the error is at the attribute.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view]
impl Chat {
    fn message(&mut self) {}
}

fn main() {}
