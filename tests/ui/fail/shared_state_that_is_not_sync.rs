//! `&S` of a state that is not `Sync`: the error is at the type and says what a state has to be.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session(std::cell::Cell<u32>);

#[websocket("/chat", on = "message")]
fn chat(_session: &Session) {}

fn main() {}
