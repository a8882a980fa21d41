//! A bare refusal from an upgrade handler: the error is at the return type and says where a refusal goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat() -> StatusCode {
    StatusCode::FORBIDDEN
}

fn main() {}
