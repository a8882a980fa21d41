//! A struct with the name of a handler: the error is at the second of the two. A struct with braces is only a type.

use robyn_ws::prelude::*;

#[allow(non_camel_case_types)]
struct chat(u8);

#[websocket("/chat", on = "message")]
fn chat(msg: String) -> String {
    msg
}

#[allow(non_camel_case_types)]
struct room {
    _seats: u8,
}

#[websocket("/room", on = "message")]
fn room(msg: String) -> String {
    msg
}

fn main() {}
