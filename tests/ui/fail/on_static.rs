//! The attribute on a static: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub static CHAT: &str = "chat";

fn main() {}
