//! axum's `State` once the connection exists: the notes say what to take.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[websocket("/chat", on = "close")]
fn chat(_state: State<AppState>) {}

fn main() {}
