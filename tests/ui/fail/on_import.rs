//! The attribute on an import: the error is at its keyword and says where the attribute goes.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
pub use std::mem::drop as chat;

fn main() {}
