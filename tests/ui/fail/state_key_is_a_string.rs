//! `state` is a type, not a string.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[websocket("/chat", on = "upgrade", state = "AppState")]
fn chat(_state: State<AppState>) {}

fn main() {}
