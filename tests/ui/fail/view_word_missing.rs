//! `#[view]` alone: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[view]
    fn message(&mut self) {}
}

fn main() {}
