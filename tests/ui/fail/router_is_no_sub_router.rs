//! A static that is no `SubRouter`: the error is at its name and gives both types.

use robyn_ws::prelude::*;

static LEAGUE: &str = "/league";

#[websocket("/chat", on = "message", router = LEAGUE)]
fn chat(_msg: String) {}

fn main() {}
