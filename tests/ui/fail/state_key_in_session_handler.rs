//! The state of axum's extractors for a session handler, which has none.

use robyn_ws::prelude::*;

#[derive(Clone)]
pub struct AppState;

#[websocket("/chat", state = AppState)]
async fn chat(_socket: WebSocket) {}

fn main() {}
