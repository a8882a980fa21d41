//! `Result` without its error: one error, at the return type.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat() -> Result<String> {
    Ok(String::new())
}

fn main() {}
