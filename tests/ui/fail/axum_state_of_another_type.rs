//! axum's `State` of a type that the handler's state does not have.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[derive(Clone)]
pub struct Other;

#[websocket("/chat", on = "upgrade", state = Other)]
fn chat(_state: State<AppState>) {}

fn main() {}
