//! An unknown word in `#[view(..)]`: the error is there and lists the known ones.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[view(on = "message")]
    fn message(&mut self) {}
}

fn main() {}
