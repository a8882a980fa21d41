//! Bytes as the result of a call, where JSON is expected: the error is at the return type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "call", method = "say")]
async fn say() -> Result<Vec<u8>, CallError> {
    Ok(Vec::new())
}

fn main() {}
