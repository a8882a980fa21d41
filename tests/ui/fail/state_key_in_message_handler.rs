//! The state of axum's extractors for an event that has none: one error, although the argument would be one too.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[websocket("/chat", on = "message", state = AppState)]
fn chat(_state: State<AppState>) {}

fn main() {}
