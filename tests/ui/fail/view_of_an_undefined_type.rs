//! A type that does not exist: one error, at the type.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chatt {
    fn upgrade() -> Self {
        todo!()
    }
    fn message(&mut self) {}
}

fn main() {}
