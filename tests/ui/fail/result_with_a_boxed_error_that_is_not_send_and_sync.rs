//! `Result` with a boxed error that threads cannot share: the error is at the return type and says what the box has to
//! be.

use std::error::Error;

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(msg: &str) -> Result<String, Box<dyn Error>> {
    Ok(msg.parse::<u8>()?.to_string())
}

fn main() {}
