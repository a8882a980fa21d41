//! Three mistakes: three errors at three tokens, and none because of them; the function can still be called.

use robyn_ws::prelude::*;

#[websocket("/chat/:room", onn = "message")]
fn chat(msg: String, _ws: impl Send) -> String {
    msg
}

/// Calls the handler as its unit test would.
pub fn still_callable() -> String {
    chat("hi".to_owned(), ())
}

fn main() {}
