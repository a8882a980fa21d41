//! A misspelled word in `#[view(..)]`: the error is there and says what was meant.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

#[websocket_view("/chat")]
impl Chat {
    #[view(bloking)]
    fn message(&mut self) {}
}

fn main() {}
