//! The sub-router and its prefix under keys of other frameworks: the errors are at the keys and say how to name it.

use robyn_ws::prelude::*;

static LEAGUE: SubRouter = SubRouter::new("/league");

#[websocket("/chat", on = "message", sub_router = LEAGUE)]
fn chat(_msg: String) {}

#[websocket("/talk", on = "message", prefix = "/league")]
fn talk(_msg: String) {}

fn main() {}
