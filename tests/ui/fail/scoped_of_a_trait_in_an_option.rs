//! `Option<Scoped<dyn Trait>>`: the error is at the trait and shows the `Arc`.

use robyn_ws::prelude::*;

pub trait Clock {}

#[websocket("/chat", on = "upgrade")]
fn chat(_clock: Option<Scoped<dyn Clock + Send + Sync>>) {}

fn main() {}
