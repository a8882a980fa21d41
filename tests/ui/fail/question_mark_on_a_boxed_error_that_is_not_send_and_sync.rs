//! `?` on a boxed error that threads cannot share: one error, which says what the box has to be.

use std::error::Error;

use robyn_ws::prelude::*;

fn look_up(key: &str) -> Result<String, Box<dyn Error>> {
    Ok(key.parse::<u8>()?.to_string())
}

#[websocket("/chat", on = "message")]
fn chat(msg: &str) -> Result<String, HandlerError> {
    Ok(look_up(msg)?)
}

fn main() {}
