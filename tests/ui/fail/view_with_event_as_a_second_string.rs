//! The event as a second string: the error is there, and says that the method's name is the event.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat", "message")]
impl Chat {
    fn message(&mut self) {}
}

fn main() {}
