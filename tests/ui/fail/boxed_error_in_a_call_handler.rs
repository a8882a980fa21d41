//! A boxed error that cannot be sent to another thread: the error is at the `?` and says what to box.

use robyn_ws::prelude::*;

use std::error::Error;

fn write() -> Result<(), Box<dyn Error>> {
    Ok(())
}

#[websocket("/chat", on = "call", method = "say")]
fn say() -> Result<(), CallError> {
    write()?;
    Ok(())
}

fn main() {}
