//! A constant with the name of a handler: the error is at the second of the two.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(msg: String) -> String {
    msg
}

#[allow(non_upper_case_globals)]
pub const chat: &str = "/chat";

fn main() {}
