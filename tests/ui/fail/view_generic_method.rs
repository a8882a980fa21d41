//! A generic method: the error is at the parameter.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message<T>(&mut self, _msg: T) {}
}

fn main() {}
