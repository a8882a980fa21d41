//! `Global<dyn Trait>`: the error is at the trait and shows the `Arc`.

use robyn_ws::prelude::*;

pub trait Clock: Send + Sync {}

#[websocket("/chat", on = "message")]
fn chat(_clock: Global<dyn Clock>) {}

fn main() {}
