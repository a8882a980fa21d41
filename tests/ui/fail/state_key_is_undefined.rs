//! A misspelled type of the state: one error, although two arguments depend on it.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[websocket("/chat", on = "upgrade", state = AppStat)]
fn chat(_state: State<AppState>, _headers: HeaderMap) {}

fn main() {}
