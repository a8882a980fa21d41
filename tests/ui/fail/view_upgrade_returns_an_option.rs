//! `Option<Self>` from `upgrade`: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn upgrade() -> Option<Self> {
        None
    }
}

fn main() {}
