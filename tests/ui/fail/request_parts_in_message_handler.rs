//! An axum extractor that only an upgrade handler can take: the error is at the type.

use robyn_ws::{axum::http::Method, prelude::*};

#[websocket("/chat", on = "message")]
fn chat(_method: Method) {}

fn main() {}
