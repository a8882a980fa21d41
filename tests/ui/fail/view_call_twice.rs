//! `#[call]` twice on a method: the second one is the error.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[call]
    #[call]
    fn say(&self) {}
}

fn main() {}
