//! An error that is no HTTP answer from an upgrade handler: the error is at the return type and names `IntoResponse`.

use robyn_ws::prelude::*;

pub struct Batmobile;

#[websocket("/chat", on = "upgrade")]
fn chat() -> Result<(), Batmobile> {
    Err(Batmobile)
}

fn main() {}
