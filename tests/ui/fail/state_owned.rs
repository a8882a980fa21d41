//! A state by value: the error is at the type, and says that it can be borrowed.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session;

#[websocket("/chat", on = "message")]
fn chat(_session: Session) {}

fn main() {}
