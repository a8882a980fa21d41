//! A view without events: the error is at the type and lists the events.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    pub fn tick(&mut self) {}
}

fn main() {}
