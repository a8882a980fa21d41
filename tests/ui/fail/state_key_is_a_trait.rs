//! The state is a trait object without its `Arc`: one error, with the fix.

use std::fmt::Debug;

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade", state = dyn Debug)]
fn admit(_uri: Uri) {}

fn main() {}
