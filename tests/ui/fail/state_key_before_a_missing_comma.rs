//! A comma is missing behind a type that ends with a sign.

use robyn_ws::prelude::*;

#[websocket("/chat", state = Vec<(u8, u8)> on = "upgrade")]
fn admit(_state: State<Vec<(u8, u8)>>) {}

fn main() {}
