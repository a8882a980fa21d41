//! The attribute on a function: the error says what to write.

use robyn_ws::prelude::*;

#[websocket_view("/chat")]
pub fn message(_msg: &str) {}

fn main() {}
