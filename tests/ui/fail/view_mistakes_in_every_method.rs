//! Mistakes in several methods: each is one error.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn upgrade(&self) -> Self {
        Self
    }
    fn connect(&mut self, _msg: String) {}
    #[view(bloking)]
    fn message(&mut self, _msg: impl Into<String>) -> u32 {
        1
    }
    fn clsoe(&self) {}
}

fn main() {}
