//! A generic view: the error is at its parameters.

use robyn_ws::prelude::*;

#[derive(Default)]
pub struct Room<T>(T);

#[websocket_view("/chat")]
impl<T> Room<T> {
    fn message(&mut self) {}
}

fn main() {}
