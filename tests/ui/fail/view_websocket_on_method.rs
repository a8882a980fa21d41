//! `#[websocket]` on a method of a view: the error is there, and says that the name is the event.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[websocket("/chat", on = "message")]
    pub fn message(&mut self) {}
}

fn main() {}
