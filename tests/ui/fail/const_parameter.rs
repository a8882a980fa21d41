//! A function generic over a constant: the error is at the parameter.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat<const N: usize>(_msg: String) -> [u8; N] {
    [0; N]
}

fn main() {}
