//! `state` without its type: nothing is said about the argument that needs it.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[websocket("/chat", on = "upgrade", state)]
fn chat(_state: State<AppState>) {}

fn main() {}
