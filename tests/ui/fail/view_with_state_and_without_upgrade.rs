//! A state for extractors without `upgrade`, the only method that has them: the error is at the state.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

pub struct AppState;

#[websocket_view("/chat", state = AppState)]
impl Chat {
    fn message(&mut self) {}
}

fn main() {}
