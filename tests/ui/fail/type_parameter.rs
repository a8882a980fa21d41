//! A generic function: the error is at the parameters, and what is generic is not checked any further.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "message")]
fn chat<T: Send>(_msg: T) {}

fn main() {}
