//! A sub-router in a `const`, which has no address: the error is at its name.

use robyn_ws::prelude::*;

const LEAGUE: SubRouter = SubRouter::new("/league");

#[websocket("/chat", on = "message", router = LEAGUE)]
fn chat(_msg: String) {}

fn main() {}
