//! `#[call]` on a constant: the attribute is for methods.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[call]
    const LIMIT: usize = 1;

    fn connect(&self) {}
}

fn main() {}
