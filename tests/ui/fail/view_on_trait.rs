//! The attribute on a trait: the error says where it goes.

use robyn_ws::prelude::*;

#[websocket_view("/chat")]
pub trait Chat {
    fn message(&mut self);
}

fn main() {}
