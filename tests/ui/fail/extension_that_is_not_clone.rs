//! `Extension<T>` of a type that cannot be cloned: the error is at the type and says what `T` has to be.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "message")]
fn chat(_extension: Extension<Batmobile>) {}

fn main() {}
