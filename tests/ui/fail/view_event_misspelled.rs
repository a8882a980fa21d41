//! A misspelled event: the error is at the name and says what was meant.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn connect(&mut self) {}
    pub fn mesage(&mut self, _msg: &str) {}
}

fn main() {}
