//! `#[view(blocking)]` on a constant: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self) {}

    #[view(blocking)]
    pub const LIMIT: u32 = 1;
}

fn main() {}
