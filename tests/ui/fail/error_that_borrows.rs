//! An error that borrows from the message: the error is at the return type.

use robyn_ws::prelude::*;

#[derive(Debug)]
struct Bad<'a>(&'a str);

impl std::fmt::Display for Bad<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Bad<'_> {}

#[websocket("/chat", on = "message")]
fn chat(msg: &str) -> Result<String, Bad<'_>> {
    Err(Bad(msg))
}

fn main() {}
