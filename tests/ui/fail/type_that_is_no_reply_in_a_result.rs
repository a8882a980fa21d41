//! A `Result` whose value is no reply: the error is at the return type and lists the replies.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat() -> Result<i32, HandlerError> {
    Ok(7)
}

fn main() {}
