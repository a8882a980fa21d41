//! `Global<T>` of a type that threads cannot share: the error is at the type and says what `T` has to be.

use std::cell::Cell;

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat(_deps: Global<Cell<u32>>) {}

fn main() {}
