//! The `impl` of a trait: the error is at the trait and says where the methods go.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Chat;

pub trait Talk {
    fn message(&mut self);
}

#[websocket_view("/chat")]
impl Talk for Chat {
    fn message(&mut self) {}
}

fn main() {}
