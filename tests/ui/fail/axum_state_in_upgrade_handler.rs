//! axum's `State` without `state = ..`: the notes say what to write.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[websocket("/chat", on = "upgrade")]
fn chat(_state: State<AppState>) {}

fn main() {}
