//! A `Result` without its error: one error, at the return type.

use robyn_ws::prelude::*;

// The standard library's own is quoted only where its sources are installed.
#[expect(dead_code)]
enum Result<T, E> {
    Ok(T),
    Err(E),
}

#[websocket("/chat", on = "message")]
fn chat() -> Result<String> {
    Result::Ok(String::new())
}

fn main() {}
