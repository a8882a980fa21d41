//! Events by the names of other frameworks: an error at each name says what it is here.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    pub fn on_open(&mut self) {}
    pub fn receive(&mut self) {}
}

fn main() {}
