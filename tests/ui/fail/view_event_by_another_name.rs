//! Names of other frameworks beside an event: the errors are at the names and say what was meant. A method that the block
//! calls, and one that is named as a noun, are ordinary.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, _msg: &str) {
        self.receive();
    }
    pub fn on_open(&mut self) {}
    pub fn disconnect(&mut self) {}
    fn receive(&mut self) {}
    pub fn text(&self) -> &'static str {
        "hi"
    }
}

fn main() {}
