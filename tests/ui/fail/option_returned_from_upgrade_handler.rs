//! An `Option` neither accepts nor refuses an upgrade.

use robyn_ws::prelude::*;

#[websocket("/chat", on = "upgrade")]
fn chat() -> Option<()> {
    None
}

fn main() {}
