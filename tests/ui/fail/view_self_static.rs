//! `&'static self`: the error is there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&'static self, _msg: &str) {}
}

fn main() {}
