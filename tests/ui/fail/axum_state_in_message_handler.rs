//! axum's `State<T>`: the error is at the type and lists what there is instead.

use robyn_ws::{axum::extract::State, prelude::*};

#[websocket("/chat", on = "message")]
fn chat(_state: State<String>) {}

fn main() {}
