//! A type that is no state from an upgrade handler: the error is at the return type and lists what it can return.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "upgrade")]
fn chat() -> Batmobile {
    Batmobile
}

fn main() {}
