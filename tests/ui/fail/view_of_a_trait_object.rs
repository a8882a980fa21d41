//! A view of `dyn Trait`: the error is at the type.

use robyn_ws::prelude::*;

trait Talk {}

#[websocket_view("/chat")]
impl dyn Talk + Send {
    fn connect(&mut self) {}

    fn message(&self, _msg: &str) {}
}

fn main() {}
