//! The attribute on a constant: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub const CHAT: &str = "chat";

fn main() {}
