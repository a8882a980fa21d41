//! `#[view(blocking)]` on a method that is not an event: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self) {}

    #[view(blocking)]
    pub fn helper(&self) {}
}

fn main() {}
