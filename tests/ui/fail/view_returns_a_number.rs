//! A number returned: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self) -> u32 {
        1
    }
}

fn main() {}
