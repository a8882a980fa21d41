//! `Result<Self, u8>` from `upgrade`: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn upgrade() -> Result<Self, u8> {
        Err(1)
    }
}

fn main() {}
