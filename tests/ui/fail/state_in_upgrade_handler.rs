//! A state before there is a connection: the error is at the type and says that there is none yet.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session;

#[websocket("/chat", on = "upgrade")]
fn chat(_session: &mut Session) {}

fn main() {}
