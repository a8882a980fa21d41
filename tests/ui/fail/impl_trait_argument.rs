//! `impl Trait` as argument: the error is at the type, as the type says what to take.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_msg: impl AsRef<str>) {}

fn main() {}
