//! An argument of a type that does not exist: one error, there.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn message(&mut self, _msg: Batmobile) {}
}

fn main() {}
