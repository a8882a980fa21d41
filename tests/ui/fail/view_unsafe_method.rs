//! An unsafe method: the error is at `unsafe`.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    unsafe fn message(&mut self, _msg: &str) {}
}

fn main() {}
