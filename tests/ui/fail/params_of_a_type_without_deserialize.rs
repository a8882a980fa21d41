//! `Params<T>` of a type that cannot be read: the error is at the type and says what `T` has to be.

use robyn_ws::prelude::*;

pub struct Say;

#[websocket("/chat", on = "call", method = "say")]
fn say(_say: Params<Say>) {}

fn main() {}
