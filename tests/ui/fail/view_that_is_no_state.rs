//! A view without `#[derive(ConnectionState)]`: one error, at the type, says what to derive.

use robyn_ws::prelude::*;

pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    fn upgrade() -> Result<Self, StatusCode> {
        Ok(Self)
    }

    fn connect(&mut self) {}
    async fn message(&mut self, _msg: &str) {}
    fn close(&self) {}
}

fn main() {}
