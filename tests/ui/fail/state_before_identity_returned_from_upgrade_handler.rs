//! The identity comes first.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
struct Seat;

#[websocket("/chat", on = "upgrade")]
fn chat() -> (Seat, Identity) {
    (Seat, Identity::new("u17"))
}

fn main() {}
