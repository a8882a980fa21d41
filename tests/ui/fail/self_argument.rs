//! A method: the error is at `self` and says what takes its place.

use robyn_ws::prelude::*;

pub struct Chat;

impl Chat {
    #[websocket("/chat", on = "message")]
    pub fn chat(&self, _msg: String) {}
}

fn main() {}
