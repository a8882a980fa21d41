//! Three types that are no extractors: three errors at three types.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_one: u8, _two: Vec<String>, _three: (u8, u8)) {}

fn main() {}
