//! An HTTP answer that accepts: the error is at the return type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat() -> impl IntoResponse {
    Json("welcome")
}

fn main() {}
