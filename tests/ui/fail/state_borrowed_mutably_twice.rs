//! One state as `&mut` twice: the error is at the second and quotes the first.

use robyn_ws::prelude::*;

#[derive(Default, ConnectionState)]
pub struct Session;

#[websocket("/chat", on = "message")]
fn chat(_one: &mut Session, _other: &mut Session) {}

fn main() {}
