//! There is no connection to send a text to: the error is at the return type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
async fn chat() -> Result<String, StatusCode> {
    Ok(String::new())
}

fn main() {}
