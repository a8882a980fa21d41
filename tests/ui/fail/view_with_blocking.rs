//! `blocking` in the attribute: the error is there, and says that it goes to the method.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat", blocking)]
impl Chat {
    fn message(&mut self) {}
}

fn main() {}
