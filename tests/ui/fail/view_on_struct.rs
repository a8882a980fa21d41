//! The attribute on a struct: the error says where it goes.

use robyn_ws::prelude::*;

#[websocket_view("/chat")]
pub struct Chat;

fn main() {}
