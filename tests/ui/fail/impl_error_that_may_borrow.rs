//! `impl Error` beside a borrowed argument: the error is at the `impl` and shows how it borrows nothing.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: &str) -> Result<String, impl std::error::Error> {
    Ok::<_, std::fmt::Error>(String::new())
}

fn main() {}
