//! The attribute on a type alias: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub type Chat = fn(String);

fn main() {}
